//! Parts that search, draw and parse.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, imageops::FilterType};
use tantivy::collector::Count;
use tantivy::query::QueryParser;
use tantivy::schema::{Schema, TEXT};
use tantivy::{Index, doc};

/// Returns how many of two documents have a word in them.
pub(crate) fn found(word: &str) -> usize {
    let mut schema = Schema::builder();
    let body = schema.add_text_field("body", TEXT);
    let index = Index::create_in_ram(schema.build());
    let mut writer = index.writer_with_num_threads(1, 15_000_000).expect("a writer");
    for text in ["a text", "another"] {
        writer.add_document(doc!(body => text)).expect("a document");
    }
    writer.commit().expect("it is stored");
    let query = QueryParser::for_index(&index, vec![body]).parse_query(word).expect("a query");
    index.reader().expect("a reader").searcher().search(&query, &Count).expect("a count")
}

/// Writes a picture and reads it again. Returns its width when it is half as large.
pub(crate) fn smaller(width: u32) -> u32 {
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::new_rgb8(width, width).write_to(&mut bytes, ImageFormat::Png).expect("a picture");
    let read = image::load_from_memory(bytes.get_ref()).expect("a picture");
    read.resize(width / 2, width / 2, FilterType::Triangle).width()
}

/// Returns how many items a Rust file has.
pub(crate) fn items(source: &str) -> usize {
    let file = syn::parse_file(source).expect("a file");
    assert!(format!("{file:?}").len() > source.len());
    file.items.len()
}
