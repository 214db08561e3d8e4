//! What a section can do about memory: name a victim, call it off, have others chosen, kill.
#![deny(warnings)]

#[cfg(target_os = "linux")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    use std::process::{Command, Stdio};
    use std::sync::Arc;

    use nonblock_mm::memory::Mm;
    use nonblock_mm::oom::{Killer, Process, Reaper};

    let reaper = Arc::new(Reaper::builder().spawn()?);
    let killer = Killer::manual(Arc::clone(&reaper), |_cause, _cx| Vec::new())?;
    let mut child = Command::new("sleep").arg("60").stdin(Stdio::null()).spawn()?;
    nonblock::sleepable(|cx| {
        let victim = Arc::new(Mm::named("browser"));
        let process = Process::of_child(&child, cx)?;
        let reaping = cx.non_block(|_nb| {
            let reaping = reaper.reap(victim);
            reaping.cancel();
            killer.trigger();
            process.kill().map(|()| reaping)
        })?;
        let _reaped = reaping.wait(cx);
        child.wait()?;
        killer.shutdown(cx);
        Ok(())
    })
}

#[cfg(not(target_os = "linux"))]
fn main() {}
