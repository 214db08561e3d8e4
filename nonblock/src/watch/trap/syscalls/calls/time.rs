//! Clocks and timers.

use crate::watch::trap::syscalls::calls_macro::calls;
use crate::watch::trap::syscalls::condition::{Condition, Exception, MemorySize};
use crate::watch::trap::syscalls::names;
use crate::watch::trap::syscalls::system_call::Argument::{Descriptor, Flags, Int, OneOf, Pointer};

const TIMER: &str = "It looks at a timer, or sets it, under a spin lock.";
const SETS: &str = "It sets the clock of the whole machine, and tells every processor.";
const SLEEPS: &str =
    "It sleeps; with a time of zero, or one that is past, it still does for a moment.";

static CLOCK: &[Exception] = &[Exception {
    when: Condition::NotDeviceClock(0),
    why: "It looks at a clock of the kernel's.",
}];

static ADJTIMEX: &[Exception] = &[Exception {
    when: Condition::ZeroMemory(0, MemorySize::HalfWord),
    why: "It is told to change nothing, and only looks.",
}];

static CLOCK_ADJTIME: &[Exception] = &[Exception {
    when: Condition::All(&[
        Condition::NotDeviceClock(0),
        Condition::ZeroMemory(1, MemorySize::HalfWord),
    ]),
    why: "It is told to change nothing, and only looks.",
}];

calls! {
    time(Pointer) [never] "It looks at a clock of the kernel's.";
    gettimeofday(Pointer, Pointer) [never] "It looks at a clock of the kernel's.";
    settimeofday(Pointer, Pointer) [may] SETS;
    clock_gettime(OneOf(names::CLOCK), Pointer) [unless CLOCK] "It asks the driver of a device that is a clock.";
    clock_getres(OneOf(names::CLOCK), Pointer) [unless CLOCK] "It asks the driver of a device that is a clock.";
    clock_settime(OneOf(names::CLOCK), Pointer) [may] SETS;
    clock_adjtime(OneOf(names::CLOCK), Pointer) [unless CLOCK_ADJTIME] SETS;
    adjtimex(Pointer) [unless ADJTIMEX] SETS;
    nanosleep(Pointer, Pointer) [may] SLEEPS;
    clock_nanosleep(OneOf(names::CLOCK), Flags(names::TIMER), Pointer, Pointer) [may] SLEEPS;
    alarm(Int) [never] TIMER;
    getitimer(Int, Pointer) [never] TIMER;
    setitimer(Int, Pointer, Pointer) [never] TIMER;
    timer_create(OneOf(names::CLOCK), Pointer, Pointer) [may] "It takes memory for a timer, and may have to wait until some is free.";
    timer_settime(Int, Flags(names::TIMER), Pointer, Pointer) [never] TIMER;
    timer_gettime(Int, Pointer) [never] TIMER;
    timer_getoverrun(Int) [never] TIMER;
    timer_delete(Int) [never] "It stops a timer, under a spin lock.";
    timerfd_create(OneOf(names::CLOCK), Flags(names::NEW_DESCRIPTOR)) [may] "It takes memory for a descriptor, and may have to wait until some is free.";
    timerfd_settime(Descriptor, Flags(names::TIMER), Pointer, Pointer) [never] TIMER;
    timerfd_gettime(Descriptor, Pointer) [never] TIMER;
}
