//! The system calls: whether they may put a thread to sleep.

use std::collections::BTreeMap;

use crate::machine::Machine;
use crate::table::rows;

/// The system calls, by their numbers on x86-64.
#[derive(Debug)]
pub(crate) struct SystemCalls {
    by_number: BTreeMap<u32, SystemCall>,
    /// The numbers here of those that 64-bit Arm has, by its own.
    of_aarch64: BTreeMap<u32, u32>,
}

/// What the number of a call is marked with that another processor has, and the list has not.
const NOT_LISTED: u32 = 1 << 31;

/// A system call of the list.
#[derive(Debug)]
pub(crate) struct SystemCall {
    pub(crate) name: String,
    may_sleep: bool,
    /// Of these one has to hold, and of each all parts.
    unless: Vec<Vec<Exception>>,
    pub(crate) reason: String,
}

/// What holds of one argument where the call never sleeps.
#[derive(Debug, PartialEq, Eq)]
enum Exception {
    /// Under a mask it is one of these.
    Is { argument: usize, mask: u64, values: Vec<u64> },
    /// It points to so many bytes that are zero and that nobody writes.
    Zeros { argument: usize, bytes: u64 },
}

impl SystemCalls {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut by_number = BTreeMap::new();
        for (line, [number, name, class, unless, reason]) in
            rows(text, "number\tname\tclass\tunless\treason")?
        {
            let wrong = |what: &str| format!("line {line}: {what}");
            let may_sleep = match class {
                "never" => false,
                "may" => true,
                _ => return Err(wrong("the class is neither `never` nor `may`")),
            };
            let number = number.parse().map_err(|_| wrong("the number is none"))?;
            let alternatives = unless.split(';').filter(|text| !text.is_empty());
            let unless = alternatives
                .map(|text| text.split(' ').map(Exception::parse).collect::<Option<Vec<_>>>())
                .collect::<Option<Vec<_>>>()
                .ok_or_else(|| wrong("the exception has another form"))?;
            let call =
                SystemCall { name: name.to_owned(), may_sleep, unless, reason: reason.to_owned() };
            if by_number.insert(number, call).is_some() {
                return Err(wrong("the number comes twice"));
            }
        }
        Ok(Self { by_number, of_aarch64: BTreeMap::new() })
    }

    /// Reads the numbers of 64-bit Arm.
    pub(super) fn add_aarch64(&mut self, text: &str) -> Result<(), String> {
        for (line, [number, name]) in rows(text, "number\tname")? {
            let own = self
                .number(name)
                .ok_or_else(|| format!("line {line}: no system call is called {name}"))?;
            let number = number.parse().map_err(|_| format!("line {line}: the number is none"))?;
            if self.of_aarch64.insert(number, own).is_some() {
                return Err(format!("line {line}: the number comes twice"));
            }
        }
        Ok(())
    }

    /// Returns the number that a system call of a processor has in the list. One that is not in it has none of those there.
    pub(crate) fn listed(&self, machine: Machine, number: u32) -> u32 {
        match machine {
            Machine::X86_64 => number,
            Machine::AArch64 => {
                self.of_aarch64.get(&number).copied().unwrap_or(number | NOT_LISTED)
            }
        }
    }

    /// Returns the processor's own number of a call that is not in the list.
    pub(crate) const fn own(machine: Machine, number: u32) -> u32 {
        match machine {
            Machine::X86_64 => number,
            Machine::AArch64 => number & !NOT_LISTED,
        }
    }

    pub(crate) fn get(&self, number: u32) -> Option<&SystemCall> {
        self.by_number.get(&number)
    }

    /// Whether a call writes to a file, and so returns in time.
    pub(crate) fn writes(&self, number: u32) -> bool {
        self.get(number).is_some_and(|call| ["write", "writev"].contains(&call.name.as_str()))
    }

    /// Returns the names of all calls.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.by_number.values().map(|call| call.name.as_str())
    }

    pub(super) fn number(&self, name: &str) -> Option<u32> {
        self.by_number.iter().find(|(_, call)| call.name == name).map(|(number, _)| *number)
    }
}

impl SystemCall {
    /// Whether the call may sleep, as far as its arguments are known. One that is not known counts as any.
    ///
    /// # Arguments
    ///
    /// * `are_zeros`: whether so many bytes at an address are zero, and nobody writes them.
    pub(crate) fn may_sleep(
        &self,
        arguments: &[Option<u64>],
        are_zeros: impl Fn(u64, u64) -> bool,
    ) -> bool {
        let value = |argument: usize| arguments.get(argument).copied().flatten();
        let holds = |exception: &Exception| match exception {
            Exception::Is { argument, mask, values } => {
                value(*argument).is_some_and(|value| values.contains(&(value & mask)))
            }
            Exception::Zeros { argument, bytes } => {
                value(*argument).is_some_and(|address| are_zeros(address, *bytes))
            }
        };
        let is_exception = self.unless.iter().any(|all| all.iter().all(holds));
        self.may_sleep && !is_exception
    }
}

impl Exception {
    /// Reads `1&0xff=2,3`, `1=2,3` or `1*16=0`.
    fn parse(text: &str) -> Option<Self> {
        let number = |text: &str| match text.strip_prefix("0x") {
            Some(digits) => u64::from_str_radix(digits, 16).ok(),
            None => text.parse().ok(),
        };
        let (left, values) = text.split_once('=')?;
        if let Some((argument, bytes)) = left.split_once('*') {
            let zeros = Self::Zeros { argument: argument.parse().ok()?, bytes: number(bytes)? };
            return (values == "0").then_some(zeros);
        }
        let (argument, mask) = match left.split_once('&') {
            Some((argument, mask)) => (argument, number(mask)?),
            None => (left, 0xffff_ffff),
        };
        let values = values.split(',').map(number).collect::<Option<_>>()?;
        Some(Self::Is { argument: argument.parse().ok()?, mask, values })
    }
}

#[cfg(test)]
mod tests {
    use crate::catalogue::Catalogue;

    /// Whether a call by its name may sleep with some arguments. At the address 0x1000 are zeros.
    fn may_sleep(name: &str, arguments: &[Option<u64>]) -> bool {
        let calls = Catalogue::new().system_calls;
        let number = calls.number(name).unwrap_or_else(|| panic!("{name} is not in the list"));
        let call = calls.get(number).expect("it is in the list");
        call.may_sleep(arguments, |address, bytes| address == 0x1000 && bytes <= 16)
    }

    #[test]
    fn an_exception_holds_for_a_known_argument_only() {
        let (wait, wake) = (Some(0x80), Some(0x81));
        assert!(may_sleep("futex", &[None, wait]));
        assert!(!may_sleep("futex", &[None, wake]));
        assert!(may_sleep("futex", &[None, None]));
        assert!(may_sleep("futex", &[]));
        assert!(!may_sleep("getpid", &[]));
    }

    /// With these arguments a call never sleeps, and with any one of them left out, or with the others, it may.
    #[test]
    fn each_exception_is_one_of_these_and_no_other() {
        const ANY: Option<u64> = None;
        let with = |at: usize, value: u64| {
            let mut arguments = [ANY; 6];
            arguments[at] = Some(value);
            arguments
        };
        let pair = |one: (usize, u64), other: (usize, u64)| {
            let mut arguments = with(one.0, one.1);
            arguments[other.0] = Some(other.1);
            arguments
        };
        let cases = [
            // MSG_DONTWAIT and MSG_ERRQUEUE, beside MSG_NOSIGNAL; MSG_PEEK.
            ("sendto", with(3, 0x4040), with(3, 0x4000)),
            ("recvfrom", with(3, 0x40), with(3, 2)),
            ("recvfrom", with(3, 0x2000), with(3, 0)),
            ("sendmsg", with(2, 0x40), with(3, 0x40)),
            ("recvmsg", with(2, 0x2040), with(2, 2)),
            ("sendmmsg", with(3, 0x40), with(2, 0x40)),
            ("recvmmsg", with(3, 0x40), with(3, 0x10000)),
            // A time of zero.
            ("poll", with(2, 0), with(2, 1)),
            ("ppoll", with(2, 0x1000), with(2, 0)),
            ("select", with(4, 0x1000), with(4, 0x2000)),
            ("pselect6", with(4, 0x1000), with(4, 0)),
            ("epoll_wait", with(3, 0), with(3, 0xffff_ffff)),
            ("epoll_pwait2", with(3, 0x1000), with(3, 0)),
            ("rt_sigtimedwait", with(2, 0x1000), with(2, 0)),
            ("mq_timedsend", with(4, 0x1000), with(4, 0)),
            ("mq_timedreceive", with(4, 0x1000), with(4, 0)),
            // FUTEX_WAKE_BITSET; FUTEX_WAIT_BITSET.
            ("futex", with(1, 0x8a), with(1, 0x89)),
            // WNOHANG, IPC_NOWAIT, IPC_STAT.
            ("wait4", with(2, 1), with(2, 2)),
            ("waitid", with(3, 5), with(3, 4)),
            ("msgsnd", with(3, 0x800), with(3, 0)),
            ("msgrcv", with(4, 0x800), with(4, 0x1000)),
            ("msgctl", with(1, 2), with(1, 0)),
            ("shmctl", with(1, 2), with(1, 0)),
            ("semctl", with(2, 16), with(2, 17)),
            // F_GETFL; F_SETLKW. F_SETFL without O_ASYNC, and with it.
            ("fcntl", with(1, 3), with(1, 7)),
            ("fcntl", pair((1, 4), (2, 0x800)), pair((1, 4), (2, 0x2800))),
            ("fcntl", pair((1, 4), (2, 0)), with(1, 4)),
            // SOL_SOCKET and SO_ERROR.
            ("getsockopt", pair((1, 1), (2, 4)), pair((1, 6), (2, 4))),
            ("getsockopt", pair((1, 1), (2, 4)), with(2, 4)),
            // PR_SET_NAME; PR_SET_MM.
            ("prctl", with(0, 15), with(0, 35)),
            ("arch_prctl", with(0, 0x1002), with(0, 0x1022 + 1)),
            ("fadvise64", with(3, 1), with(3, 3)),
            ("sync_file_range", with(3, 0), with(3, 1)),
            // EPOLL_CTL_MOD; EPOLL_CTL_ADD.
            ("epoll_ctl", with(1, 3), with(1, 1)),
            // CLOSE_RANGE_CLOEXEC; with CLOSE_RANGE_UNSHARE.
            ("close_range", with(2, 4), with(2, 6)),
            ("tee", with(3, 2), with(3, 1)),
            ("vmsplice", with(3, 2), with(3, 8)),
            ("get_mempolicy", with(4, 4), with(4, 1)),
        ];
        for (name, never, may) in cases {
            assert!(!may_sleep(name, &never), "{name} {never:?}");
            assert!(may_sleep(name, &may), "{name} {may:?}");
            assert!(may_sleep(name, &[ANY; 6]), "{name}");
        }
        // These have none that arguments tell.
        for name in ["ioctl", "read", "write", "madvise", "flock", "nanosleep"] {
            assert!(may_sleep(name, &[Some(0); 6]), "{name}");
        }
    }
}
