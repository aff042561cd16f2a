//! A page as HTML.

use super::style::{STYLE, policy};
use super::text::Text;
use super::{Chart, Headline, Page, Sample, Section, Table};
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
                        p .verdict { (Text(&self.verdict)) }
                    }
                    main {
                        @if !self.headlines.is_empty() { (headlines(&self.headlines)) }
                        @for part in &self.sections { (section(part)) }
                        @if !self.samples.is_empty() { (samples(&self.samples)) }
                        (settings(self))
                        @if !self.origin.is_empty() {
                            section { h2 { "Where this comes from" } (pairs("origin", &self.origin)) }
                        }
                    }
                }
            }
        };
        page.into_string() + "\n"
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

fn section(section: &Section) -> Markup {
    html! {
        section {
            h2 { (Text(&section.title)) }
            @if !section.lead.is_empty() { p .lead { (Text(&section.lead)) } }
            @if !section.charts.is_empty() {
                div .charts { @for one in &section.charts { (chart(one)) } }
            }
            @for one in &section.tables { div .wide { (table(one)) } }
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

fn samples(samples: &[Sample]) -> Markup {
    let answer = |name: &str, answer: &[String; 2]| {
        let [text, worth] = answer;
        html! {
            div .answer {
                h4 { (name) @if !worth.is_empty() { " " span .worth { (Text(worth)) } } }
                @if text.trim().is_empty() { p .note { "(nothing)" } }
                div .text { (Text(text)) }
            }
        }
    };
    html! {
        section {
            h2 { "Samples" }
            p .lead { "What the models wrote, before PPO (the supervised model) and after. Characters that cannot be seen are named." }
            @for (i, sample) in samples.iter().enumerate() {
                article {
                    h3 { "Prompt " (i + 1) }
                    div .text .prompt { (Text(&sample.prompt)) }
                    div .answers { (answer("Before", &sample.before)) (answer("After", &sample.after)) }
                }
            }
        }
    }
}

fn settings(page: &Page) -> Markup {
    html! {
        @if !page.overrides.is_empty() {
            section {
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
            section {
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
