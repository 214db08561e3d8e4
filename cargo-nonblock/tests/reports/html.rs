//! The report as a page: what is in it, and what it does in a browser.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use scraper::{ElementRef, Html, Selector};
use serde_json::Value;

use super::support::{check, exits, file, folder, nonblock};

const MARKED: &str = "<script>alert('x')</script>";

pub(super) fn selected<'a>(page: &'a Html, selector: &str) -> Vec<ElementRef<'a>> {
    page.select(&Selector::parse(selector).expect("a selector")).collect()
}

pub(super) fn text(element: ElementRef<'_>) -> String {
    element.text().collect()
}

/// The page of a run in which each result comes.
fn page(name: &str) -> String {
    let rules = file(
        &format!("{name}.tsv"),
        "pattern\tclass\treason\nprocess => *sleep\tsuppresses\tIt is <b>short</b>.\nx\tpermits\tFor nothing.\n",
    );
    let arguments =
        ["--entry", "process", "--entry", "computes", "--entry", "*alert('x')*", "--entry", "asks"];
    let more = ["--rules", &rules, "--format", "html"];
    exits(&check(&[&arguments[..], &more].concat()), 1)
}

#[test]
fn a_page_needs_nothing_from_outside_and_its_names_are_texts() {
    let source = page("html_static");
    let page = Html::parse_document(&source);
    assert_eq!(page.errors, Vec::<String>::new());
    assert_eq!(selected(&page, "script").len(), 1);
    assert_eq!(selected(&page, "[src], [href], link, img, iframe, object").len(), 0);
    for outside in ["http:", "https:", "url(", "@import"] {
        assert!(!source.contains(outside), "{outside}");
    }
    let names: Vec<_> = selected(&page, ".entry > summary > code").into_iter().map(text).collect();
    assert_eq!(names.len(), 4);
    assert!(names.iter().any(|name| name == MARKED), "{names:?}");
    let reasons: Vec<_> = selected(&page, ".hidden-one .help").into_iter().map(text).collect();
    assert_eq!(reasons, ["Suppressed by the rules, and not counted: It is <b>short</b>."]);
    let unused: Vec<_> = selected(&page, "dl .unused").into_iter().map(text).collect();
    assert_eq!(unused, ["assumed (permits x)For nothing. [no way needed it]"]);
}

/// Without scripts: each function is a `details` with its `summary`, and what does nothing then is hidden.
#[test]
fn a_page_can_be_read_without_scripts() {
    let source = page("html_plain");
    let page = Html::parse_document(&source);
    assert_eq!(selected(&page, "form[hidden]").len(), 1);
    for details in selected(&page, "details") {
        let first = details.child_elements().next().expect("a child");
        assert_eq!(first.value().name(), "summary", "{}", text(details));
    }
    let asks = selected(&page, ".entry.reaches")
        .into_iter()
        .find(|entry| text(*entry).contains("a call by a pointer"));
    let names = Selector::parse(".leaves .name").expect("a selector");
    let names = asks.as_ref().map(|entry| entry.select(&names).map(text).collect::<Vec<_>>());
    assert!(names.is_some_and(|names| names.contains(&"std::thread::functions::sleep".to_owned())));
    let leaves = Selector::parse(".leaf > code").expect("a selector");
    let leaves: Vec<_> = asks.expect("what asks reaches").select(&leaves).map(text).collect();
    assert_eq!(leaves.len(), 2, "{leaves:?}");
    assert!(leaves.iter().any(|leaf| leaf == "std::thread::functions::sleep"), "{leaves:?}");
    let lines: Vec<_> = selected(&page, ".finding pre mark").into_iter().map(text).collect();
    assert!(lines.iter().any(|line| line == "std::thread::sleep"), "{lines:?}");
    assert_eq!(selected(&page, ".entry.proved > .note").len(), 1);
}

#[test]
fn the_chains_of_why_are_a_page_too() {
    let source = exits(
        &nonblock(&["why", "*alert('x')*", "clock_nanosleep", "sleeps", "--format", "html"]),
        1,
    );
    let page = Html::parse_document(&source);
    let leaves: Vec<_> = selected(&page, ".leaf > code").into_iter().map(text).collect();
    assert_eq!(leaves, ["clock_nanosleep (the system call clock_nanosleep)"]);
    assert!(text(selected(&page, ".tree")[0]).contains("sleeps::each::<i32"));
}

/// What the browser does, in its own words: each step adds what can be seen after it.
const STEPS: &str = r#"
<script>
const steps = {};
const seen = () => [...document.querySelectorAll(".entry")].filter((e) => e.getClientRects().length).map((e) => e.querySelector("code").textContent);
const press = (key) => document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
const focused = () => document.activeElement.querySelector("code, .file")?.textContent ?? document.activeElement.textContent;
const type = (text) => { const s = document.getElementById("search"); s.value = text; s.dispatchEvent(new Event("input")); };
const tick = (name) => document.querySelector(`input[value="${name}"]`).click();
steps.begin = seen();
steps.shown = document.getElementById("shown").textContent;
type("SLEEPS::EACH");
steps.search = seen();
steps.hits = [...document.querySelectorAll(".hit > summary > code, .hit > code")].map((e) => e.textContent);
steps.hash = location.hash;
type("no such thing");
steps.nothing = seen();
type("");
tick("reaches"); tick("proved");
steps.filtered = seen();
tick("reaches"); tick("proved");
document.getElementById("fold").click();
steps.folded = document.querySelectorAll(".entry[open], .head[open]").length;
document.getElementById("open").click();
steps.opened = document.querySelectorAll("main details:not([open])").length;
document.getElementById("fold").click();
document.body.focus();
press("/");
steps.slash = document.activeElement.id;
press("ArrowDown");
steps.first = focused();
press("ArrowDown");
steps.second = focused();
press("ArrowRight");
steps.right = document.activeElement.parentElement.open;
press("ArrowRight");
steps.child = focused();
press("ArrowLeft"); press("ArrowLeft");
steps.parent = focused();
press("ArrowLeft");
steps.left = document.activeElement.parentElement.open;
document.getElementById("open").click();
steps.overflow = document.documentElement.scrollWidth > document.documentElement.clientWidth;
steps.width = window.innerWidth;
const result = document.createElement("pre");
result.id = "steps";
result.textContent = JSON.stringify(steps);
document.body.append(result);
</script>
"#;

pub(super) fn browser() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let folders: Vec<_> = std::env::split_paths(&path).collect();
    names
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)))
        .find(|file| file.is_file())
}

/// Loads a page, and returns what it is once its scripts ran.
pub(super) fn dom(browser: &Path, page: &Path, width: u32, hash: &str) -> Html {
    let profile = tempfile::tempdir().expect("a folder");
    let output = Command::new("timeout")
        .arg("120")
        .arg(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=5000"])
        .arg(format!("--window-size={width},900"))
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg("--dump-dom")
        .arg(format!("file://{}{hash}", page.display()))
        .output()
        .expect("the browser can be run");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Html::parse_document(&String::from_utf8_lossy(&output.stdout))
}

#[test]
fn a_browser_searches_filters_and_folds() {
    let Some(browser) = browser() else {
        println!("no chromium is installed: skipped, but for what the other tests see in the page");
        return;
    };
    let source = page("html_browser");
    let file = folder().join("browser.html");
    fs::write(&file, source.replace("</body>", &format!("{STEPS}</body>")))
        .expect("it can be written");
    for width in [1600, 500] {
        let page = dom(&browser, &file, width, "");
        let steps = selected(&page, "#steps");
        let steps: Value =
            serde_json::from_str(&text(*steps.first().expect("the steps ran"))).expect("JSON");
        let names = |step: &str| {
            let names = steps[step].as_array().unwrap_or_else(|| panic!("{step}: {steps:#}"));
            let mut names: Vec<_> = names.iter().filter_map(Value::as_str).collect();
            names.sort_unstable();
            names
        };
        assert_eq!(names("begin"), [MARKED, "asks", "computes", "process"]);
        assert_eq!(steps["shown"], "4 of 4 sections");
        assert_eq!(names("search"), [MARKED]);
        assert!(names("hits").iter().all(|hit| hit.contains("sleeps::each")), "{steps:#}");
        assert!(!names("hits").is_empty());
        assert_eq!(steps["hash"], "#q=SLEEPS%3A%3AEACH");
        assert_eq!(names("nothing"), [""; 0]);
        assert_eq!(names("filtered"), ["process"]);
        assert_eq!((&steps["folded"], &steps["opened"]), (&Value::from(0), &Value::from(0)));
        assert_eq!(steps["slash"], "search");
        assert_eq!(steps["first"], "How it was built, and what is assumed");
        let second = steps["second"].as_str().expect("a name");
        assert!([MARKED, "asks"].contains(&second), "{steps:#}");
        assert_eq!(steps["right"], true);
        assert_ne!(steps["child"], Value::Null);
        assert_eq!(steps["parent"], second);
        assert_eq!(steps["left"], false);
        assert_eq!(steps["overflow"], false, "at {width}: {steps:#}");
    }
    // The address may say what to look for.
    let plain = folder().join("plain.html");
    fs::write(&plain, source).expect("it can be written");
    let page = dom(&browser, &plain, 1600, "#q=computes");
    assert_eq!(selected(&page, ".entry:not([hidden])").len(), 1);
    assert_eq!(text(selected(&page, "#shown")[0]), "1 of 4 sections");
    assert_eq!(selected(&page, "form[hidden]").len(), 0);
}

#[test]
fn a_page_tells_what_the_baseline_knows_and_what_is_gone() {
    let baseline = file(
        "html_baseline.tsv",
        "section\tclass\twhat\tcaller\treason\n\
         process\tsleep\tstd::thread::functions::sleep\tsleeps::relay\tIt <i>ends</i> the program.\n\
         gone::f\tsleep\tread\tgone::g\t\n",
    );
    let arguments = ["--entry", "process", "--baseline", &baseline, "--format", "html"];
    let source = exits(&check(&arguments), 0);
    let page = Html::parse_document(&source);
    let known: Vec<_> = selected(&page, ".entry.known .help").into_iter().map(text).collect();
    assert_eq!(known, ["Known by the baseline, and not counted: It <i>ends</i> the program."]);
    let gone: Vec<_> = selected(&page, ".absent li").into_iter().map(text).collect();
    assert_eq!(gone, ["read, in gone::f, called by gone::g"]);
}
