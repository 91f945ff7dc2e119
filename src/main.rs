//! The executable: everything is in `command/`.

use std::process::ExitCode;

/// A filing allocates thousands of small pieces; see docs/performance.md for what this brings.
#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    linli::command::main()
}
