//! What came of the comparison with a run: a part of the page of its own, at the end.

use super::{At, Escaped, Page, Path};
use crate::against::{Comparison, Contradiction, NotShown};
use crate::report::wording::{self, CONTRADICTION};

impl Page {
    pub(super) fn comparison(&mut self, comparison: &Comparison) {
        let is_sound = comparison.contradictions.is_empty();
        let (class, name) =
            if is_sound { ("proved", "no contradiction") } else { ("reaches", "contradiction") };
        self.put(format_args!(
            "<section class=\"against\"><h2><span class=\"badge {class}\">{name}</span> Against the run</h2>\n<p class=\"sum\">{}</p>\n",
            Escaped(wording::comparison(comparison)),
        ));
        for contradiction in &comparison.contradictions {
            self.contradiction(contradiction);
        }
        if !comparison.not_shown.is_empty() {
            self.begin_list(
                "Sections that reach something, and in which the run showed no call",
                comparison.not_shown.len(),
            );
            for NotShown { section, reaches } in &comparison.not_shown {
                self.put(format_args!(
                    "<li><code>{}</code> {} reaches {}</li>\n",
                    Path(&section.name.full),
                    At(section.place.as_ref()),
                    Path(&reaches.join(", ")),
                ));
            }
            self.end_list();
        }
        if !comparison.not_checked.is_empty() {
            self.begin_list(
                "Calls that were seen in sections that were not checked",
                comparison.not_checked.len(),
            );
            for seen in &comparison.not_checked {
                self.put(format_args!("<li>{}</li>\n", Escaped(wording::not_checked(seen))));
            }
            self.end_list();
        }
        self.put(format_args!("</section>\n"));
    }

    fn begin_list(&mut self, title: &str, count: usize) {
        self.put(format_args!(
            "<details class=\"absent\"><summary>{}: {count}</summary><ul>\n",
            Escaped(title)
        ));
    }

    fn end_list(&mut self) {
        self.put(format_args!("</ul></details>\n"));
    }

    fn contradiction(&mut self, seen: &Contradiction) {
        let section = &seen.section;
        self.put(format_args!(
            "<details class=\"contradiction\" open><summary><span class=\"badge reaches\">contradiction</span> <code>{}</code> {} <span class=\"amount\">{}</span></summary>\n",
            Path(&section.name.full),
            At(section.place.as_ref()),
            Escaped(wording::what_was_seen(seen)),
        ));
        self.put(format_args!(
            "<div class=\"finding bug\"><p><b>{}:</b> {}</p><p>Of the program {}.</p><p class=\"help\">Help: {}</p></div>\n",
            Escaped(CONTRADICTION.label),
            Escaped(CONTRADICTION.headline),
            Escaped(&section.program),
            Escaped(CONTRADICTION.help),
        ));
        self.put(format_args!("<ol class=\"frames\">"));
        for frame in &seen.frames {
            self.put(format_args!("<li><code>{}</code>", Path(wording::frame_name(frame))));
            if let Some(place) = &frame.place {
                self.put(format_args!(" <span class=\"place\">{}</span>", Escaped(place)));
            }
            self.put(format_args!("</li>\n"));
        }
        self.put(format_args!("</ol></details>\n"));
    }
}
