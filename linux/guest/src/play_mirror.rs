//! The driver alone: the parts that it stands on, and a mirror of this process.

use crate::Outcome;
use crate::device::{DMIRROR, Device, Found};
use crate::kernel_log::KernelLog;
use crate::pages::{Discard, Pages};
use crate::set_up::Settings;
use crate::uapi::selftest;

/// Every self-test of the driver's.
pub(crate) fn selftest(_: &Settings, log: &mut KernelLog) -> Outcome {
    let device = Device::open(DMIRROR)?;
    let (mut passed, mut failed) = (0, 0);
    for which in 0..selftest::COUNT {
        match device.selftest(which) {
            Ok([1, found @ ..]) => {
                passed += 1;
                log.note(&format!("found_{which}=\"{found:?}\""));
            }
            Ok(words) => {
                failed += 1;
                log.note(&format!("failed_{which}=\"{words:?}\""));
            }
            Err(error) => {
                failed += 1;
                log.note(&format!("failed_{which}=\"{error}\""));
            }
        }
    }
    log.note(&format!("passed={passed} failed={failed}"));
    Ok(())
}

/// What the device reads is what the process wrote, and no longer than the process has it.
pub(crate) fn mirror(_: &Settings, log: &mut KernelLog) -> Outcome {
    let text = |error: std::io::Error| error.to_string();
    let pages = Pages::new(4).map_err(text)?;
    let address = pages.address(1);
    let device = Device::open(DMIRROR)?;
    device.mirror(pages.start(), pages.len())?;
    pages.write(1, 0x1111);
    let attempts = device.fault(address).map_err(text)?;
    let first = device.read(address)?;
    pages.write(1, 0x2222);
    let second = device.read(address)?;
    pages.discard(1, Discard::Advise).map_err(text)?;
    let kept = device.has(address)?;
    device.fault(address).map_err(text)?;
    let third = device.read(address)?;
    device.unmirror()?;
    let is = |found: Found, value| i32::from(found == Found { value, is_there: true });
    log.note(&format!(
        "attempts={attempts} read_back={} sees_write={} kept_after_discard={} zero_after_fault={}",
        is(first, 0x1111),
        is(second, 0x2222),
        i32::from(kept),
        is(third, 0)
    ));
    Ok(())
}
