//! The header, which all forms have.

use super::support::{check, exits, file};

/// A run with a rule that is needed, one that is not, and two suppressions.
fn report(format: &str) -> String {
    let rules = file(
        &format!("header_{format}.tsv"),
        "pattern\tclass\treason\n\
         sleeps::each\tpermits\tIt runs at the end.\n\
         unused\tpermits\tNobody knows why.\n\
         process => *sleep\tsuppresses\tIt is short.\n\
         process => unheard\tsuppresses\tIt was there once.\n",
    );
    let arguments = ["--entry", "process", "--entry", "*alert('x')*", "--rules", &rules];
    exits(&check(&[&arguments[..], &["--format", format]].concat()), 0)
}

#[test]
fn every_form_names_the_toolchain_the_target_the_file_and_what_was_assumed() {
    for format in ["human", "json", "sarif", "html"] {
        let text = report(format);
        for says in [
            "rustc 1.",
            " units)",
            "x86-64 Linux, loaded by /lib64/ld-linux-x86-64.so.2",
            "Sections may allocate and free memory.",
            "It runs at the end.",
            "Nobody knows why.",
            "It is short.",
            "It was there once.",
        ] {
            assert!(text.contains(says), "{format} does not say {says}: {text}");
        }
    }
    // How often each was needed.
    for format in ["human", "sarif", "html"] {
        let text = report(format);
        for says in [
            "It runs at the end. [cut 1 way]",
            "Nobody knows why. [no way needed it]",
            "It is short. [hid 1 finding]",
            "It was there once. [hid nothing]",
            "not known, since the program was there already; there is debugging information",
        ] {
            assert!(text.contains(says), "{format} does not say {says}: {text}");
        }
    }
}
