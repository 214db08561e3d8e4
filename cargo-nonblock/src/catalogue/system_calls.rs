//! The system calls: whether they may put a thread to sleep.

use std::collections::BTreeMap;

use crate::table::rows;

/// The system calls, by their numbers.
#[derive(Debug)]
pub(crate) struct SystemCalls {
    by_number: BTreeMap<u32, SystemCall>,
}

/// A system call of the list.
#[derive(Debug)]
pub(crate) struct SystemCall {
    pub(crate) name: String,
    may_sleep: bool,
    unless: Option<Exception>,
    pub(crate) reason: String,
}

/// The values of one argument with which the call never sleeps.
#[derive(Debug, PartialEq, Eq)]
struct Exception {
    argument: usize,
    mask: u64,
    values: Vec<u64>,
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
            let unless = match unless {
                "" => None,
                text => Some(
                    Exception::parse(text)
                        .ok_or_else(|| wrong("the exception has another form"))?,
                ),
            };
            let call =
                SystemCall { name: name.to_owned(), may_sleep, unless, reason: reason.to_owned() };
            if by_number.insert(number, call).is_some() {
                return Err(wrong("the number comes twice"));
            }
        }
        Ok(Self { by_number })
    }

    pub(crate) fn get(&self, number: u32) -> Option<&SystemCall> {
        self.by_number.get(&number)
    }

    pub(super) fn number(&self, name: &str) -> Option<u32> {
        self.by_number.iter().find(|(_, call)| call.name == name).map(|(number, _)| *number)
    }
}

impl SystemCall {
    /// Whether the call may sleep, as far as its arguments are known. One that is not known counts as any.
    pub(crate) fn may_sleep(&self, arguments: &[Option<u64>]) -> bool {
        let is_exception = self.unless.as_ref().is_some_and(|exception| {
            let value = arguments.get(exception.argument).copied().flatten();
            value.is_some_and(|value| exception.values.contains(&(value & exception.mask)))
        });
        self.may_sleep && !is_exception
    }
}

impl Exception {
    /// Reads `1&0xff=2,3` or `1=2,3`.
    fn parse(text: &str) -> Option<Self> {
        let number = |text: &str| match text.strip_prefix("0x") {
            Some(digits) => u64::from_str_radix(digits, 16).ok(),
            None => text.parse().ok(),
        };
        let (left, values) = text.split_once('=')?;
        let (argument, mask) = match left.split_once('&') {
            Some((argument, mask)) => (argument, number(mask)?),
            None => (left, 0xffff_ffff),
        };
        let values = values.split(',').map(number).collect::<Option<_>>()?;
        Some(Self { argument: argument.parse().ok()?, mask, values })
    }
}

#[cfg(test)]
mod tests {
    use crate::catalogue::Catalogue;

    #[test]
    fn an_exception_holds_for_a_known_argument_only() {
        let catalogue = Catalogue::new();
        let futex = catalogue.system_calls.get(202).expect("it is in the list");
        let (wait, wake) = (Some(0x80), Some(0x81));
        assert!(futex.may_sleep(&[None, wait]));
        assert!(!futex.may_sleep(&[None, wake]));
        assert!(futex.may_sleep(&[None, None]));
        assert!(futex.may_sleep(&[]));
        let getpid = catalogue.system_calls.get(39).expect("it is in the list");
        assert!(!getpid.may_sleep(&[]));
    }
}
