//! A page as HTML.

use super::style::{STYLE, policy};
use super::text::Text;
use super::{Chart, Headline, Outcome, Page, Section, Table, Warning};
use maud::{DOCTYPE, Markup, PreEscaped, html};

impl Page {
    /// The page as one self-contained HTML file: style sheet and pictures are within, there is no script,
    /// and its content security policy allows nothing to be loaded or run.
    pub fn html(&self) -> String {
        let page = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta http-equiv="Content-Security-Policy" content=(policy());
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    meta name="referrer" content="no-referrer";
                    title { (Text(&self.title)) }
                    style { (PreEscaped(STYLE)) }
                }
                body {
                    header {
                        h1 { (Text(&self.title)) }
                        @if !self.verdict.is_empty() { p .verdict { (Text(&self.verdict)) } }
                        (warnings(&self.warnings))
                        @if !self.beside.is_empty() { (beside(&self.beside)) }
                    }
                    main {
                        @if !self.samples.is_empty() { (glance(self)) }
                        @if !self.headlines.is_empty() { (headlines(&self.headlines)) }
                        (contents(self))
                        @for (i, part) in self.sections.iter().enumerate() { (section(i, part)) }
                        @if !self.samples.is_empty() { (samples(self)) }
                        (settings(self))
                        @if !self.notes.is_empty() { (notes(&self.notes)) }
                        @if !self.origin.is_empty() {
                            section id="origin" { h2 { "Where this comes from" } (pairs("origin", &self.origin)) }
                        }
                    }
                }
            }
        };
        page.into_string() + "\n"
    }
}

fn warnings(warnings: &[Warning]) -> Markup {
    html! {
        @if !warnings.is_empty() {
            ul .warnings {
                @for Warning { text, place } in warnings {
                    li { span { (Text(text)) } @if !place.is_empty() { " " span .place { (Text(place)) } } }
                }
            }
        }
    }
}

fn beside(outcomes: &[Outcome]) -> Markup {
    html! {
        div .beside {
            @for (i, Outcome { name, verdict, warnings: of }) in outcomes.iter().enumerate() {
                div .{"outcome c" (i % 4)} { h2 { (Text(name)) } p { (Text(verdict)) } (warnings(of)) }
            }
        }
    }
}

/// Samples on the first screen.
const GLANCE: usize = 3;

/// The first samples in short.
fn glance(page: &Page) -> Markup {
    let answer = |name: &str, [text, worth]: &[String; 2]| {
        html! {
            dt { (Text(name)) @if !worth.is_empty() { span .worth { (Text(worth)) } } }
            dd .clipped { @if text.trim().is_empty() { "(nothing)" } @else { (Text(text)) } }
        }
    };
    html! {
        div .glance {
            @for sample in page.samples.iter().take(GLANCE) {
                article {
                    p .clipped .prompt { (Text(&sample.prompt)) }
                    dl { (answer(&page.writers[0], &sample.before)) (answer(&page.writers[1], &sample.after)) }
                }
            }
        }
    }
}

/// Links to all chapters.
fn contents(page: &Page) -> Markup {
    let parts = page.sections.iter().enumerate();
    let mut all: Vec<_> = parts.map(|(i, part)| (format!("#part-{i}"), part.title.as_str())).collect();
    let rest = [
        ("#samples", "Samples", !page.samples.is_empty()),
        ("#overrides", "Where the run leaves its recipe", !page.overrides.is_empty()),
        ("#settings", "Settings", !page.settings.is_empty()),
        ("#notes", "Notes from before the first step", !page.notes.is_empty()),
        ("#origin", "Where this comes from", !page.origin.is_empty()),
    ];
    all.extend(rest.into_iter().filter(|rest| rest.2).map(|(link, title, _)| (link.to_string(), title)));
    html! {
        @if all.len() > 1 {
            nav aria-label="Contents" { ol { @for (link, title) in &all { li { a href=(link) { (Text(title)) } } } } }
        }
    }
}

fn headlines(headlines: &[Headline]) -> Markup {
    html! {
        dl .headlines {
            @for Headline { name, value, note } in headlines {
                div {
                    dt { (Text(name)) }
                    dd .value { (Text(value)) }
                    @if !note.is_empty() { dd .note { (Text(note)) } }
                }
            }
        }
    }
}

fn section(i: usize, section: &Section) -> Markup {
    html! {
        section id=(format!("part-{i}")) {
            h2 { (Text(&section.title)) }
            @if !section.lead.is_empty() { p .lead { (Text(&section.lead)) } }
            @if !section.charts.is_empty() {
                div .charts { @for one in &section.charts { (chart(one)) } }
            }
            @for one in &section.tables { div .wide { (table(one)) } }
            @if !section.details.is_empty() {
                details .more {
                    summary { (section.details.len()) " more for a closer look" }
                    div .charts { @for one in &section.details { (chart(one)) } }
                }
            }
        }
    }
}

fn chart(chart: &Chart) -> Markup {
    html! {
        figure {
            figcaption { h3 { (Text(&chart.title)) } @if !chart.note.is_empty() { p { (Text(&chart.note)) } } }
            (chart.svg())
            details { summary { "Numbers" } div .wide { (table(&chart.table())) } }
        }
    }
}

fn table(table: &Table) -> Markup {
    html! {
        table {
            caption { (Text(&table.caption)) }
            thead { tr { @for name in &table.header { th scope="col" { (Text(name)) } } } }
            tbody {
                @for row in &table.rows {
                    tr {
                        @for (i, cell) in row.iter().enumerate() {
                            @if i == 0 { th scope="row" { (Text(cell)) } } @else { td { (Text(cell)) } }
                        }
                    }
                }
            }
        }
    }
}

fn samples(page: &Page) -> Markup {
    let answer = |name: &str, answer: &[String; 2]| {
        let [text, worth] = answer;
        html! {
            div .answer {
                h4 { (Text(name)) @if !worth.is_empty() { " " span .worth { (Text(worth)) } } }
                @if text.trim().is_empty() { p .note { "(nothing)" } }
                div .text { (Text(text)) }
            }
        }
    };
    html! {
        section id="samples" {
            h2 { "Samples" }
            p .lead { "What the models wrote. Characters that cannot be seen are named." }
            @for (i, sample) in page.samples.iter().enumerate() {
                article {
                    h3 { "Prompt " (i + 1) }
                    div .text .prompt { (Text(&sample.prompt)) }
                    div .answers {
                        (answer(&page.writers[0], &sample.before)) (answer(&page.writers[1], &sample.after))
                    }
                }
            }
        }
    }
}

fn notes(notes: &[String]) -> Markup {
    html! {
        section id="notes" {
            h2 { "Notes from before the first step" }
            details {
                summary { "All " (notes.len()) }
                ul .notes { @for note in notes { li { (Text(note)) } } }
            }
        }
    }
}

fn settings(page: &Page) -> Markup {
    html! {
        @if !page.overrides.is_empty() {
            section id="overrides" {
                h2 { "Where the run leaves its recipe" }
                table .overrides {
                    caption { "Each setting that is not the recipe's, and why" }
                    thead { tr { th scope="col" { "Setting" } th scope="col" { "Recipe" } th scope="col" { "Here" } th scope="col" { "Why" } } }
                    tbody {
                        @for [setting, paper, here, why] in &page.overrides {
                            tr {
                                th scope="row" { (Text(setting)) }
                                td data-name="Recipe" { (Text(paper)) }
                                td data-name="Here" { (Text(here)) }
                                td .why { (Text(why)) }
                            }
                        }
                    }
                }
            }
        }
        @if !page.settings.is_empty() {
            section id="settings" {
                h2 { "Settings" }
                details { summary { "All " (page.settings.len()) } (pairs("settings", &page.settings)) }
            }
        }
    }
}

fn pairs(class: &str, pairs: &[[String; 2]]) -> Markup {
    html! {
        dl .pairs .(class) {
            @for [name, value] in pairs { div { dt { (Text(name)) } dd { (Text(value)) } } }
        }
    }
}
