//! The attribute is for each test.

struct Disk;

#[nonblock::test]
impl Disk {
    fn flushes() {}
}

fn main() {
    Disk::flushes();
}
