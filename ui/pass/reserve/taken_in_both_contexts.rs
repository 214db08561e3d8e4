//! An object is at hand in a section, and may be waited for outside.
#![deny(warnings)]

use nonblock::{Context, Reserve, Reserved, WouldBlock};

struct Driver {
    requests: Reserve<Vec<u8>>,
}

impl Driver {
    fn prepare<C: Context>(&self, cx: &mut C) -> Result<Reserved<'_, Vec<u8>>, C::Refusal> {
        let mut request = self.requests.take_from(cx)?;
        request.clear();
        Ok(request)
    }
}

fn main() {
    let driver = Driver { requests: Reserve::with_capacity(2, || Vec::with_capacity(64)) };
    nonblock::sleepable(|cx| {
        let Ok(mut first) = driver.prepare(cx);
        first.push(1);
        let kept = cx.non_block(|nb| driver.prepare(nb)).expect("a second one").into_inner();
        assert_eq!(cx.non_block(|nb| driver.prepare(nb).err()), Some(WouldBlock));
        assert_eq!(driver.requests.refill(cx), 1);
        assert!(cx.non_block(|nb| driver.prepare(nb).is_ok()));
        drop((kept, first));
    });
    assert_eq!(driver.requests.free(), 2);
}
