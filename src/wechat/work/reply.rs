//! Passive replies (protocols.md §4.1): what the callback answers within its five seconds.

use super::{Card, Inbound};
use crate::wechat::xml::Writer;

/// One answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    /// Text; the caller keeps it within 2048 bytes, beyond which WeCom cuts silently.
    Text(String),
    /// A picture uploaded before, by its id.
    Image(String),
    /// A voice uploaded before, by its id.
    Voice(String),
    /// A video uploaded before.
    Video {
        /// Id of the upload.
        media_id: String,
        /// Over it.
        title: String,
        /// Under it.
        description: String,
    },
    /// Up to eight articles; the rest is left out.
    News(Vec<Article>),
    /// Makes the buttons of the card that was pressed one grey word.
    UpdateButton(String),
    /// Puts another card in the place of the one that was pressed.
    UpdateCard(Box<Card>),
}

/// One entry of [`Reply::News`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Article {
    /// Headline.
    pub title: String,
    /// Text under it.
    pub description: String,
    /// Where it leads.
    pub url: String,
    /// JPG or PNG.
    pub pic_url: String,
}

impl Reply {
    /// The XML that answers `inbound`: sender and receiver swapped, `now` in UTC seconds.
    #[must_use]
    pub fn render(&self, inbound: &Inbound, now: i64) -> String {
        let head = |kind: &str| {
            Writer::default()
                .text("ToUserName", &inbound.from)
                .text("FromUserName", &inbound.to)
                .number("CreateTime", now)
                .text("MsgType", kind)
        };
        let media = |id: &str| Writer::default().text("MediaId", id);
        match self {
            Self::Text(content) => head("text").text("Content", content),
            Self::Image(id) => head("image").element("Image", &media(id)),
            Self::Voice(id) => head("voice").element("Voice", &media(id)),
            Self::Video {
                media_id,
                title,
                description,
            } => {
                let video = media(media_id)
                    .text("Title", title)
                    .text("Description", description);
                head("video").element("Video", &video)
            }
            Self::News(articles) => {
                let shown = articles.iter().take(8);
                let count = i64::try_from(shown.len()).unwrap_or(1);
                let items = shown.fold(Writer::default(), |list, article| {
                    list.element("item", &article.render())
                });
                head("news")
                    .number("ArticleCount", count)
                    .element("Articles", &items)
            }
            Self::UpdateButton(word) => head("update_button")
                .element("Button", &Writer::default().text("ReplaceName", word)),
            Self::UpdateCard(card) => {
                head("update_template_card").element("TemplateCard", &card.to_xml())
            }
        }
        .finish()
    }
}

impl Article {
    fn render(&self) -> Writer {
        Writer::default()
            .text("Title", &self.title)
            .text("Description", &self.description)
            .text("PicUrl", &self.pic_url)
            .text("Url", &self.url)
    }
}
