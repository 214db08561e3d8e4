//! Seeing what code really does in a section, in a program that runs.

mod trap;
