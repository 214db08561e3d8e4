//! A test has a body.

trait Tests {
    #[nonblock::test]
    fn flushes();
}

fn main() {}
