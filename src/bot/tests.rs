//! Tables and properties of what a text means.
