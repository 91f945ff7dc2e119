//! Passive replies (protocols.md §1.8): what the callback answers within its five seconds.

use super::{Inbound, InboundKind};
use crate::wechat::xml::Writer;

/// One answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// Text; the caller keeps it within 2000 bytes ([`crate::wechat::xml::cut`]).
    Text(String),
    /// A picture uploaded before.
    Image {
        /// Id of the upload.
        media_id: String,
    },
    /// Articles: the platform shows one to a message, up to eight to an event; the rest is left out.
    News(Vec<Article>),
    /// Hands the conversation to a human of the account's customer service.
    TransferCustomerService {
        /// A certain one, or whoever is free.
        account: Option<String>,
    },
}

/// One entry of [`Reply::News`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Article {
    /// Headline.
    pub title: String,
    /// Text under it.
    pub description: String,
    /// JPG or PNG.
    pub pic_url: String,
    /// Where it leads.
    pub url: String,
}

impl Reply {
    /// The XML that answers `inbound`: sender and receiver swapped, `now` in UTC seconds.
    #[must_use]
    pub fn render(&self, inbound: &Inbound, now: i64) -> String {
        let head = Writer::default()
            .text("ToUserName", &inbound.from)
            .text("FromUserName", &inbound.to)
            .number("CreateTime", now);
        match self {
            Self::Text(content) => head.text("MsgType", "text").text("Content", content),
            Self::Image { media_id } => head
                .text("MsgType", "image")
                .element("Image", &Writer::default().text("MediaId", media_id)),
            Self::News(articles) => {
                let most = if matches!(inbound.kind, InboundKind::Event(_)) {
                    8
                } else {
                    1
                };
                let shown = articles.iter().take(most);
                let count = i64::try_from(shown.len()).unwrap_or(1);
                let items = shown.fold(Writer::default(), |list, article| {
                    list.element("item", &article.render())
                });
                head.text("MsgType", "news")
                    .number("ArticleCount", count)
                    .element("Articles", &items)
            }
            Self::TransferCustomerService { account } => {
                let head = head.text("MsgType", "transfer_customer_service");
                match account {
                    Some(name) => {
                        head.element("TransInfo", &Writer::default().text("KfAccount", name))
                    }
                    None => head,
                }
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
