//! The executable: everything is in `command/`.

use std::process::ExitCode;

fn main() -> ExitCode {
    linli::command::main()
}
