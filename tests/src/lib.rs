//! Integration tests of `nonblock`; there is nothing in the library itself.
