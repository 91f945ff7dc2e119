//! The mini-program: its vectors, its pushes, phones, subscription messages, codes, content checks.

mod vectors;
