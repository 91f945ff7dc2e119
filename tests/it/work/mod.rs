//! The WeCom application: who a member is, what is answered, how tasks come as cards.

mod identity;
