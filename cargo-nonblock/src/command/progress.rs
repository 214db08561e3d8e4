//! A bar that shows how far a long check is. It is shown in a terminal only, and only if the check takes longer than a second.

use std::path::Path;
use std::sync::mpsc::{self, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// How long a check may take without a bar.
const AFTER: Duration = Duration::from_secs(1);
/// How often the bar is drawn anew.
const TICK: Duration = Duration::from_millis(120);

/// The bar. It is taken away when this is dropped.
#[derive(Debug)]
pub(super) struct Progress {
    bar: ProgressBar,
    /// Tells the thread that shows the bar after a while that it need not.
    end: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Progress {
    /// Begins a check of some programs.
    pub(super) fn start(programs: usize, quiet: bool) -> Self {
        if quiet {
            return Self { bar: ProgressBar::hidden(), end: None };
        }
        // Where standard error is no terminal, this draws nothing.
        Self::after(AFTER, programs, ProgressDrawTarget::stderr())
    }

    fn after(after: Duration, programs: usize, target: ProgressDrawTarget) -> Self {
        let bar = ProgressBar::hidden();
        bar.set_length(u64::try_from(programs).unwrap_or(u64::MAX));
        let template = match programs {
            1 => "{spinner} checking {msg}, {elapsed}",
            _ => "{spinner} checking {pos} of {len} {bar:24} {msg}",
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        let (end, ended) = mpsc::channel();
        let shown = bar.clone();
        let thread = thread::spawn(move || {
            if ended.recv_timeout(after) == Err(mpsc::RecvTimeoutError::Timeout) {
                shown.set_draw_target(target);
                shown.enable_steady_tick(TICK);
            }
        });
        Self { bar, end: Some((end, thread)) }
    }

    /// Says that a program is next.
    pub(super) fn at(&self, file: &Path) {
        let name = file.file_name().unwrap_or(file.as_os_str());
        self.bar.set_message(name.to_string_lossy().into_owned());
        self.bar.inc(1);
    }

    /// Writes a line to standard error.
    pub(super) fn say(&self, line: &str) {
        self.bar.suspend(|| eprintln!("{line}"));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some((end, thread)) = self.end.take() {
            // It may have ended already.
            let _ = end.send(());
            let _ = thread.join();
        }
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use indicatif::TermLike;

    use super::*;

    /// A terminal that keeps what is written to it.
    #[derive(Clone, Debug, Default)]
    struct Terminal(Arc<Mutex<String>>);

    impl Terminal {
        fn text(&self) -> String {
            self.0.lock().expect("no test panics with it").clone()
        }
    }

    impl TermLike for Terminal {
        fn width(&self) -> u16 {
            80
        }
        fn move_cursor_up(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_down(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_right(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_left(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn write_line(&self, text: &str) -> io::Result<()> {
            self.write_str(text)
        }
        fn write_str(&self, text: &str) -> io::Result<()> {
            self.0.lock().expect("no test panics with it").push_str(text);
            Ok(())
        }
        fn clear_line(&self) -> io::Result<()> {
            self.write_str("<cleared>")
        }
        fn flush(&self) -> io::Result<()> {
            Ok(())
        }
    }

    fn target(terminal: &Terminal) -> ProgressDrawTarget {
        ProgressDrawTarget::term_like(Box::new(terminal.clone()))
    }

    #[test]
    fn a_long_check_shows_how_far_it_is_and_clears_it_away() {
        let terminal = Terminal::default();
        let progress = Progress::after(Duration::ZERO, 3, target(&terminal));
        progress.at(Path::new("target/debug/one"));
        progress.at(Path::new("target/debug/two"));
        while !terminal.text().contains("checking 2 of 3") {
            thread::sleep(Duration::from_millis(10));
        }
        assert!(terminal.text().contains("two"), "{}", terminal.text());
        drop(progress);
        assert!(terminal.text().ends_with("<cleared>"), "{}", terminal.text());
    }

    #[test]
    fn a_short_check_shows_nothing() {
        let terminal = Terminal::default();
        let progress = Progress::after(Duration::from_hours(1), 2, target(&terminal));
        progress.at(Path::new("one"));
        drop(progress);
        assert_eq!(terminal.text(), "");
    }
}
