//! From text to tree. It finds what is no YAML, or YAML that the formats leave out.

use super::{Entry, Node, Scalar, Value};
use crate::report::{Finding, Span};
use yaml_rust2::Event;
use yaml_rust2::parser::Parser;
use yaml_rust2::scanner::{Marker, TScalarStyle};

/// How deep values may lie in one another: far beyond any policy, far above any stack.
const DEEPEST: usize = 64;

/// The tree of a text, with what is wrong in it; no tree where it is no YAML at all.
pub(crate) fn load(text: &str) -> (Option<Node>, Vec<Finding>) {
    let mut loader = Loader::new(text);
    match loader.run() {
        Ok(()) => {}
        Err(finding) => {
            loader.findings.push(finding);
            loader.root = None;
        }
    }
    (loader.root, loader.findings)
}

struct Loader<'a> {
    text: &'a str,
    /// The byte at which each character starts, and the text's length last.
    bytes: Vec<usize>,
    /// The byte at which each line starts.
    lines: Vec<usize>,
    open: Vec<Open>,
    nodes: usize,
    root: Option<Node>,
    findings: Vec<Finding>,
}

/// A list or a mapping whose end has not come.
struct Open {
    id: usize,
    span: Span,
    held: Held,
}

enum Held {
    List(Vec<Node>),
    Map { entries: Vec<Entry>, key: Option<(String, Span)> },
}

impl<'a> Loader<'a> {
    fn new(text: &'a str) -> Self {
        let bytes = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        let lines = [0].into_iter().chain(breaks).collect();
        Self { text, bytes, lines, open: Vec::new(), nodes: 0, root: None, findings: Vec::new() }
    }

    fn run(&mut self) -> Result<(), Finding> {
        let mut parser = Parser::new_from_str(self.text);
        loop {
            let (event, mark) = parser.next_token().map_err(|error| {
                let span = self.span(error.marker(), 1);
                Finding::error("syntax", span, format!("this is no YAML: {}", error.info()))
            })?;
            match event {
                Event::StreamEnd => break,
                Event::DocumentStart if self.root.is_some() => {
                    let message = "a second document starts here";
                    return Err(Finding::error("syntax", self.span(&mark, 3), message)
                        .with_help("write one document a file"));
                }
                Event::Nothing | Event::StreamStart | Event::DocumentStart | Event::DocumentEnd => {}
                Event::Alias(_) => {
                    let span = self.span(&mark, 1);
                    self.leave_out(span, "aliases are");
                    self.value(span, Value::Scalar(Scalar { text: String::new(), plain: true }))?;
                }
                Event::Scalar(text, style, anchor, tag) => {
                    let span = self.scalar_span(&mark, &text, style);
                    self.decorations(span, anchor, tag.is_some());
                    self.scalar(span, Scalar { text, plain: style == TScalarStyle::Plain })?;
                }
                Event::SequenceStart(anchor, tag) => {
                    self.start(&mark, anchor, tag.is_some(), Held::List(Vec::new()))?;
                }
                Event::MappingStart(anchor, tag) => {
                    self.start(&mark, anchor, tag.is_some(), Held::Map { entries: Vec::new(), key: None })?;
                }
                Event::SequenceEnd | Event::MappingEnd => self.end()?,
            }
        }
        if self.root.is_none() {
            let message = "the file is empty";
            self.findings.push(Finding::error("syntax", self.span_at(0, 0), message));
        }
        Ok(())
    }

    fn start(&mut self, mark: &Marker, anchor: usize, tag: bool, held: Held) -> Result<(), Finding> {
        let span = self.span(mark, 1);
        self.decorations(span, anchor, tag);
        if let Some(Open { held: Held::Map { key: None, .. }, .. }) = self.open.last() {
            return Err(Finding::error("syntax", span, "a key must be a plain word"));
        }
        if self.open.len() >= DEEPEST {
            let message = format!("values lie deeper than {DEEPEST} levels in one another");
            return Err(Finding::error("syntax", span, message));
        }
        let id = self.next_id();
        self.open.push(Open { id, span, held });
        Ok(())
    }

    fn end(&mut self) -> Result<(), Finding> {
        let Some(open) = self.open.pop() else { return Ok(()) };
        let value = match open.held {
            Held::List(items) => Value::List(items),
            Held::Map { entries, .. } => Value::Map(entries),
        };
        self.place(Node { id: open.id, span: open.span, pruned: Vec::new(), value })
    }

    fn scalar(&mut self, span: Span, scalar: Scalar) -> Result<(), Finding> {
        if let Some(Open { held: Held::Map { key: key @ None, .. }, .. }) = self.open.last_mut() {
            *key = Some((scalar.text, span));
            return Ok(());
        }
        self.value(span, Value::Scalar(scalar))
    }

    fn value(&mut self, span: Span, value: Value) -> Result<(), Finding> {
        let id = self.next_id();
        self.place(Node { id, span, pruned: Vec::new(), value })
    }

    fn place(&mut self, mut node: Node) -> Result<(), Finding> {
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        match &mut open.held {
            Held::List(items) => items.push(node),
            Held::Map { entries, key } => {
                let Some((key, key_span)) = key.take() else {
                    return Err(Finding::error("syntax", node.span, "a key must be a plain word"));
                };
                if let Value::Scalar(scalar) = &node.value
                    && scalar.is_null()
                {
                    // Nothing has no place of its own: what is said of it is said at its key.
                    node.span = key_span;
                }
                if let Some(first) = entries.iter().find(|entry| entry.key == key) {
                    let message = format!("`{key}` is given twice, first in line {}", first.key_span.line);
                    let finding = Finding::error("duplicate-key", key_span, message);
                    self.findings.push(finding.with_help("keep one of the two"));
                } else {
                    entries.push(Entry { key, key_span, value: node });
                }
            }
        }
        Ok(())
    }

    fn decorations(&mut self, span: Span, anchor: usize, tag: bool) {
        if anchor > 0 {
            self.leave_out(span, "anchors are");
        }
        if tag {
            self.leave_out(span, "tags are");
        }
    }

    fn leave_out(&mut self, span: Span, what: &str) {
        let message = format!("{what} no part of this format");
        self.findings.push(Finding::error("syntax", span, message).with_help("write the value out"));
    }

    fn next_id(&mut self) -> usize {
        self.nodes += 1;
        self.nodes
    }

    fn span(&self, mark: &Marker, length: usize) -> Span {
        let start = self.bytes.get(mark.index()).copied().unwrap_or(self.text.len());
        let rest = self.text.get(start..).unwrap_or_default();
        let first = rest.chars().take(length).map(char::len_utf8).sum();
        self.span_at(start, first)
    }

    fn span_at(&self, start: usize, length: usize) -> Span {
        let line = self.lines.partition_point(|line_start| *line_start <= start);
        let line_start = self.lines.get(line.saturating_sub(1)).copied().unwrap_or(0);
        let column = self.text.get(line_start..start).unwrap_or_default().chars().count() + 1;
        Span { line, column, start, length }
    }

    /// A scalar's place ends where its text does, or with its first line.
    fn scalar_span(&self, mark: &Marker, text: &str, style: TScalarStyle) -> Span {
        let start = self.bytes.get(mark.index()).copied().unwrap_or(self.text.len());
        let rest = self.text.get(start..).unwrap_or_default();
        let line = rest.lines().next().unwrap_or_default();
        let length = match style {
            TScalarStyle::Plain if line.starts_with(text) => text.len(),
            TScalarStyle::Plain | TScalarStyle::Literal | TScalarStyle::Folded => line.len(),
            TScalarStyle::SingleQuoted => quoted_length(line, '\''),
            TScalarStyle::DoubleQuoted => quoted_length(line, '"'),
        };
        self.span_at(start, length)
    }
}

/// How many bytes of a line a quoted text takes, from its opening quote.
fn quoted_length(line: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, letter) in line.char_indices().skip(1) {
        match letter {
            _ if escaped => escaped = false,
            '\\' if quote == '"' => escaped = true,
            _ if letter == quote => return at + letter.len_utf8(),
            _ => {}
        }
    }
    line.len()
}
