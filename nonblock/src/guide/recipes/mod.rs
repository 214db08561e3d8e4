//! Recipes: short programs for what is needed most.
//!
//! | to do this | recipe |
//! |---|---|
//! | wait where waiting is allowed, and refuse where it is not | [Wait or refuse](instead#wait-or-refuse) |
//! | change a few words of memory, from sections too | [Count with a spin lock](instead#count-with-a-spin-lock) |
//! | have something done by a thread that may sleep | [Put work off](instead#put-work-off) |
//! | have memory at hand without allocating | [Set objects aside](instead#set-objects-aside) |
//! | change a count, or do more, when a value is dropped | [Count what a drop changes](instead#count-what-a-drop-changes) |
//! | read a configuration that a thread replaces | [Read what a thread replaces](instead#read-what-a-thread-replaces) |
//! | tell callbacks of a change | [Tell others of a change](instead#tell-others-of-a-change) |
//! | use a file, a socket, or a library that sleeps | [Wrap what sleeps](instead#wrap-what-sleeps) |
//! | wake a thread, or send it something | [Tell a thread from a section](instead#tell-a-thread-from-a-section) |
//! | give up pages only when the device is quiet | [Touch nothing that a device still uses](instead#touch-nothing-that-a-device-still-uses) |
//! | let the C parts of a driver take part | [C](places#c) |
//! | do without `std` | [Without `std`](places#without-std) |
//! | fill a sound card's buffer | [An audio callback](places#an-audio-callback) |
//! | poll futures that must not block | [Async tasks](places#async-tasks) |
//! | handle a signal or an interrupt | [Signals and interrupts](places#signals-and-interrupts) |
//! | test all that | [Tests](finding#tests) |
//! | find calls that sleep and do not say so | [Clippy finds what says nothing](finding#clippy-finds-what-says-nothing) |
//! | see what really sleeps, in code that says nothing | [Watch a program](watching#watch-a-program), [Watch code of others](watching#watch-code-of-others) |
//! | do that in a test | [Watch in a test](watching#watch-in-a-test) |
//! | do that in part of a program, or look at what was seen | [Watch part of a program](watching#watch-part-of-a-program) |
//! | not be told of what is known | [Leave out what is known](watching#leave-out-what-is-known) |
//! | leave that on in production | [Leave it on in production](watching#leave-it-on-in-production) |
//! | find threads that wait for each other | [Look at a program's waits](waiting#look-at-a-programs-waits) |
//! | have that know what I wait for by other means | [Wait for something of your own](waiting#wait-for-something-of-your-own), [Say what a signal handler may interrupt](waiting#say-what-a-signal-handler-may-interrupt) |
//! | hold several locks that are made at one place | [Keep several objects of one class](waiting#keep-several-objects-of-one-class) |
//! | see sections from perf, bpftrace or gdb | [Look from outside](watching#look-from-outside) |
//! | choose what a violation does | [Policies](finding#policies) |
//! | have violations logged or counted | [Handlers](finding#handlers), [`tracing`](finding#tracing) |
//! | mirror a process's memory, or take it away | the guide of the crate `nonblock-mm` |

pub mod finding;
pub mod instead;
pub mod places;
pub mod waiting;
pub mod watching;
