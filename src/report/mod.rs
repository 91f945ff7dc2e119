//! What people take away: tables as CSV or XLSX, papers as PDF, and the figures as tables with names in
//! them. Used by the pages, the board and `linli export`. Floor 4; knows no page and no command.

pub mod chart;
pub mod figures;
pub mod money;
pub mod pdf;
pub mod reckoned;
pub mod sheet;
