//! The harness has nothing to call a method on.

struct Disk;

impl Disk {
    #[nonblock::test]
    fn flushes(&self) {}
}

fn main() {
    let _disk = Disk;
}
