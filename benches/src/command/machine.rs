//! The machine on which the figures were measured.

use std::fs;
use std::process::Command;

use nonblock_tools::cargo;
use serde::Serialize;

#[derive(Debug, Serialize)]
pub(crate) struct Machine {
    processor: String,
    cores: usize,
    kernel: String,
    pub(crate) rustc: String,
    flags: String,
    valgrind: String,
    /// How many programs wanted a processor when it began.
    load: String,
    date: String,
}

impl Machine {
    pub(crate) fn describe() -> Result<Self, String> {
        let said = |program: &str, arguments: &[&str]| -> Result<String, String> {
            let mut command = Command::new(program);
            command.current_dir(cargo::root()).args(arguments);
            Ok(cargo::run(&mut command)?.succeeded(program)?.stdout.trim().to_owned())
        };
        let processors = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let processor = processors
            .lines()
            .find_map(|line| line.strip_prefix("model name")?.split_once(':'))
            .map_or("unknown", |(_, name)| name.trim());
        Ok(Self {
            processor: format!("{processor} ({})", std::env::consts::ARCH),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            kernel: said("uname", &["-sr"])?,
            rustc: said("rustc", &["--version"])?,
            flags: "cargo's release profile: opt-level 3, no LTO, no target-cpu".to_owned(),
            valgrind: super::callgrind::version().unwrap_or_else(|| "none".to_owned()),
            load: fs::read_to_string("/proc/loadavg")
                .ok()
                .and_then(|load| load.split_whitespace().next().map(str::to_owned))
                .unwrap_or_else(|| "unknown".to_owned()),
            date: said("date", &["-u", "+%Y-%m-%d"])?,
        })
    }

    /// What is told of it, and how it is called.
    pub(crate) fn lines(&self) -> [(&'static str, String); 8] {
        [
            ("processor", self.processor.clone()),
            ("cores", self.cores.to_string()),
            ("kernel", self.kernel.clone()),
            ("compiler", self.rustc.clone()),
            ("flags", self.flags.clone()),
            ("instructions counted by", self.valgrind.clone()),
            ("programs running when it began (load)", self.load.clone()),
            ("date", self.date.clone()),
        ]
    }
}
