//! The names of errors against libc's numbers.

use std::collections::BTreeSet;

use crate::watch::trap::syscalls::errno::{name, of_result};

/// The names and numbers that libc knows.
macro_rules! errors {
    ($($name:ident)+) => { [$((stringify!($name), libc::$name)),+] };
}

#[test]
fn every_error_has_its_name() {
    let errors = errors! {
        EPERM ENOENT ESRCH EINTR EIO ENXIO E2BIG ENOEXEC EBADF ECHILD EAGAIN ENOMEM EACCES EFAULT ENOTBLK EBUSY EEXIST
        EXDEV ENODEV ENOTDIR EISDIR EINVAL ENFILE EMFILE ENOTTY ETXTBSY EFBIG ENOSPC ESPIPE EROFS EMLINK EPIPE EDOM
        ERANGE EDEADLK ENAMETOOLONG ENOLCK ENOSYS ENOTEMPTY ELOOP ENOMSG EIDRM ECHRNG EL2NSYNC EL3HLT EL3RST ELNRNG
        EUNATCH ENOCSI EL2HLT EBADE EBADR EXFULL ENOANO EBADRQC EBADSLT EBFONT ENOSTR ENODATA ETIME ENOSR ENONET
        ENOPKG EREMOTE ENOLINK EADV ESRMNT ECOMM EPROTO EMULTIHOP EDOTDOT EBADMSG EOVERFLOW ENOTUNIQ EBADFD EREMCHG
        ELIBACC ELIBBAD ELIBSCN ELIBMAX ELIBEXEC EILSEQ ERESTART ESTRPIPE EUSERS ENOTSOCK EDESTADDRREQ EMSGSIZE
        EPROTOTYPE ENOPROTOOPT EPROTONOSUPPORT ESOCKTNOSUPPORT EOPNOTSUPP EPFNOSUPPORT EAFNOSUPPORT EADDRINUSE
        EADDRNOTAVAIL ENETDOWN ENETUNREACH ENETRESET ECONNABORTED ECONNRESET ENOBUFS EISCONN ENOTCONN ESHUTDOWN
        ETOOMANYREFS ETIMEDOUT ECONNREFUSED EHOSTDOWN EHOSTUNREACH EALREADY EINPROGRESS ESTALE EUCLEAN ENOTNAM ENAVAIL
        EISNAM EREMOTEIO EDQUOT ENOMEDIUM EMEDIUMTYPE ECANCELED ENOKEY EKEYEXPIRED EKEYREVOKED EKEYREJECTED EOWNERDEAD
        ENOTRECOVERABLE ERFKILL EHWPOISON
    };
    for (expected, number) in errors {
        let number = usize::try_from(number).expect("a number");
        assert_eq!(name(number), Some(expected), "{number}");
    }
    let all: BTreeSet<_> = errors.iter().map(|(_, number)| *number).collect();
    assert_eq!((all.len(), all.last()), (131, Some(&133)));
}

#[test]
fn only_small_numbers_below_zero_are_errors() {
    assert_eq!(of_result(0), None);
    assert_eq!(of_result(-1), Some(1));
    assert_eq!(of_result(-4095), Some(4095));
    assert_eq!(of_result(-4096), None);
    assert_eq!(of_result(isize::MIN), None);
    for number in [0, 41, 58, 134, usize::MAX] {
        assert_eq!(name(number), None, "{number}");
    }
}
