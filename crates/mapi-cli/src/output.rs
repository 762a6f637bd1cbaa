//! Results go to standard output, as text for people or as JSON for programs; everything else goes to standard error.

use std::cell::RefCell;
use std::io::{self, BufWriter, ErrorKind, IsTerminal, Write};

use anyhow::Result;
use clap::ValueEnum;
use comfy_table::{Attribute, Cell, ContentArrangement, Table, presets};
use serde::Serialize;

use crate::exit::ClosedPipe;

/// `--color`.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, ValueEnum)]
pub enum ColorChoice {
    /// On a terminal, unless NO_COLOR is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Where results go.
pub struct Output {
    json: bool,
    color: bool,
    out: RefCell<BufWriter<io::Stdout>>,
}

/// A style of a few words.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Style {
    /// Headings.
    Bold,
    /// Less important.
    Dim,
    /// As it should be.
    Good,
    /// Not as it should be.
    Bad,
}

impl Output {
    /// Standard output in this form.
    pub fn new(json: bool, color: ColorChoice) -> Self {
        let color = match color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => {
                let unwanted = std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty());
                io::stdout().is_terminal() && !unwanted
            }
        };
        Self {
            json,
            color: color && !json,
            out: RefCell::new(BufWriter::new(io::stdout())),
        }
    }

    /// Whether programs read it.
    pub fn is_json(&self) -> bool {
        self.json
    }

    /// Whether there may be colours.
    pub fn color(&self) -> bool {
        self.color
    }

    /// How many columns a line may have.
    pub fn width(&self) -> usize {
        if !io::stdout().is_terminal() {
            return 100;
        }
        Table::new().width().map_or(100, usize::from).max(40)
    }

    /// One result: a line of JSON. Nothing if people read it.
    pub fn record(&self, record: &impl Serialize) -> Result<()> {
        if !self.json {
            return Ok(());
        }
        let mut line = serde_json::to_vec(record)?;
        line.push(b'\n');
        self.bytes(&line)
    }

    /// One line for people. Nothing if programs read it.
    pub fn line(&self, text: impl AsRef<str>) -> Result<()> {
        if self.json {
            return Ok(());
        }
        let text = text.as_ref().trim_end();
        self.bytes(text.as_bytes())?;
        self.bytes(b"\n")
    }

    /// Bytes as they are, for both.
    pub fn bytes(&self, bytes: &[u8]) -> Result<()> {
        let written = self.out.borrow_mut().write_all(bytes);
        written.map_err(closed)
    }

    /// Gives out what has been kept back.
    pub fn flush(&self) -> Result<()> {
        let flushed = self.out.borrow_mut().flush();
        flushed.map_err(closed)
    }

    /// Text in a style.
    pub fn paint(&self, style: Style, text: &str) -> String {
        paint(self.color, style, text)
    }

    /// A table for people. Nothing if programs read it.
    pub fn table(&self, header: &[&str], rows: Vec<Vec<String>>) -> Result<()> {
        if self.json || rows.is_empty() {
            return Ok(());
        }
        let mut table = Table::new();
        table.load_style(presets::NOTHING);
        table.set_content_arrangement(ContentArrangement::Dynamic);
        if let Ok(width) = u16::try_from(self.width()) {
            table.set_width(width);
        }
        if self.color {
            table.enforce_styling();
        } else {
            table.force_no_tty();
        }
        let bold = |name: &&str| Cell::new(name).add_attribute(Attribute::Bold);
        table.set_header(header.iter().map(bold));
        for row in rows {
            table.add_row(row.iter().map(|cell| crate::format::clean(cell)));
        }
        for column in table.column_iter_mut() {
            column.set_padding((0, 2));
        }
        for line in table.to_string().lines() {
            self.line(line)?;
        }
        Ok(())
    }
}

/// Text in a style, if colours are wanted.
pub fn paint(color: bool, style: Style, text: &str) -> String {
    if !color {
        return text.to_owned();
    }
    let code = match style {
        Style::Bold => "1",
        Style::Dim => "2",
        Style::Good => "32",
        Style::Bad => "31",
    };
    format!("\u{1b}[{code}m{text}\u{1b}[0m")
}

fn closed(error: io::Error) -> anyhow::Error {
    if error.kind() == ErrorKind::BrokenPipe {
        ClosedPipe.into()
    } else {
        anyhow::Error::new(error).context("writing to standard output")
    }
}
