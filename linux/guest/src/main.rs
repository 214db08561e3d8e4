//! The first process of the guest. It plays with the modules, notes what it sees in the kernel's log, and reboots, which ends the
//! virtual machine.
//!
//! What a note means is judged outside, by `linux-play`, whose `rows.rs` has the names of the plays and of what they note.
//! The same program is the guest's other processes too, by its first argument: `victim` and `pressure`.

mod device;
mod kernel_log;
mod leaks;
mod modules;
mod pages;
mod play_mirror;
mod play_pressure;
mod play_sections;
mod play_untyped;
mod pressure;
mod set_up;
mod system_calls;
#[allow(dead_code, unreachable_pub, reason = "the driver's file, of which the guest needs a part")]
#[path = "../../../drivers/dmirror/src/uapi.rs"]
mod uapi;
mod victim;

use std::time::Duration;

use kernel_log::KernelLog;
use set_up::Settings;

/// What a play returns: its error is noted, and its row fails.
type Outcome = Result<(), String>;

/// What plays, and notes what it sees.
type Play = fn(&Settings, &mut KernelLog) -> Outcome;

/// The plays, in order.
const PLAYS: [(&str, Play); 17] = [
    ("load", modules::load),
    ("selftest", play_mirror::selftest),
    ("mirror", play_mirror::mirror),
    ("mrelease", play_sections::mrelease),
    ("refusal-interval", play_sections::refusal_interval),
    ("refusal-list", play_sections::refusal_list),
    ("kmemleak", |_, log| leaks::look(log)),
    ("untyped-list-msleep", |_, log| play_untyped::list(play_untyped::MSLEEP, log)),
    ("untyped-list-mutex", |_, log| play_untyped::list(play_untyped::MUTEX, log)),
    ("untyped-list-check", |_, log| play_untyped::list(play_untyped::CHECK, log)),
    ("untyped-interval-msleep", |_, log| play_untyped::interval(play_untyped::MSLEEP, log)),
    ("untyped-interval-mutex", |_, log| play_untyped::interval(play_untyped::MUTEX, log)),
    ("untyped-interval-check", |_, log| play_untyped::interval(play_untyped::CHECK, log)),
    ("plain-interval", play_untyped::plain),
    ("oom", play_sections::oom),
    ("pressure", play_pressure::pressure),
    ("unload", modules::unload),
];

fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let role = arguments.first().map(String::as_str);
    let done = match role {
        Some("victim") => victim::main(&arguments[1..]),
        Some("pressure") => pressure::main(&arguments[1..]),
        _ if std::process::id() == 1 => first_process(),
        _ => Err("it is the first process of linux/run's guest; start it by linux/run".to_owned()),
    };
    if let Err(error) = done {
        eprintln!("init: {error}");
        std::process::exit(1);
    }
}

/// Plays all that is wanted, and reboots.
fn first_process() -> Outcome {
    set_up::mount_all()?;
    let settings = Settings::read()?;
    let mut log = KernelLog::open()?;
    for (name, play) in PLAYS {
        // Without the modules there is nothing to play with.
        if name != "load" && !settings.wants(name) {
            continue;
        }
        log.begin(name);
        if let Err(error) = play(&settings, &mut log) {
            log.note(&format!("error=\"{error}\""));
        }
        log.end();
    }
    log.done();
    std::thread::sleep(Duration::from_millis(200));
    rustix::system::reboot(rustix::system::RebootCommand::Restart)
        .map_err(|error| format!("cannot reboot: {error}"))
}
