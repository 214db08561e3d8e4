//! `linux/run`.

use std::path::PathBuf;
use std::process::ExitCode;

use linux_play::machine::Host;
use linux_play::options::{HELP, Options, Wish};
use linux_play::stop::Stop;
use linux_play::{rows, run};

fn main() -> ExitCode {
    let from = std::env::var_os("LINUX_RUN_FROM").map_or_else(|| ".".into(), PathBuf::from);
    let all_ok = match Options::parse(&from, std::env::args_os()) {
        Ok(Wish::Help) => {
            print!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Ok(Wish::List) => {
            rows::names().for_each(|name| println!("{name}"));
            return ExitCode::SUCCESS;
        }
        Ok(Wish::Run(options)) => run::run(&options, &Host),
        Err(stop) => Err(stop),
    };
    match all_ok {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(Stop::FAILED),
        Err(stop) => {
            eprintln!("linux/run: {stop}");
            ExitCode::from(stop.exit_code())
        }
    }
}
