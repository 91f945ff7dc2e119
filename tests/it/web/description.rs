//! The description of the API and the page to try it.

use linli::base::fault::Code;
use linli::web::openapi;
use reqwest::{Method, StatusCode};

use super::{House, assert_problem, see};

#[tokio::test]
async fn the_description_names_only_paths_that_are_served() {
    let house = House::start().await;
    let description = house.get("/openapi.json").await.json();
    assert!(description["openapi"].as_str().unwrap().starts_with("3."));
    let paths = description["paths"].as_object().unwrap();
    assert!(paths.len() >= 2);
    let parameter = regex::Regex::new(r"\{\w+\}").unwrap();
    for (path, operations) in paths {
        for (method, operation) in operations.as_object().unwrap() {
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            let concrete = parameter.replace_all(path, "1");
            let seen = see(house.request(method.clone(), &concrete)).await;
            // A route that needs signing in says so before it looks at anything else.
            let open = operation.get("security").is_none();
            let wanted = if open { 415 } else { 401 };
            assert_eq!(
                seen.status.as_u16(),
                wanted,
                "{method} {path}: {}",
                seen.text
            );
        }
    }
    house.stop().await;
}

/// A handler that nobody described would be missing from `/openapi.json`.
#[test]
fn every_handler_of_the_api_is_described() {
    let src = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut sources = vec![
        src.join("web/session.rs"),
        src.join("web/homes.rs"),
        src.join("web/me.rs"),
        src.join("web/privacy.rs"),
        src.join("web/attachments.rs"),
    ];
    for noun in std::fs::read_dir(&src).unwrap() {
        let noun = noun.unwrap().path();
        sources.push(noun.join("api.rs"));
        let Ok(folder) = std::fs::read_dir(noun.join("api")) else {
            continue;
        };
        sources.extend(folder.map(|file| file.unwrap().path()));
    }
    let mut handlers = 0;
    for source in sources {
        // Most nouns have no JSON.
        let text = std::fs::read_to_string(&source).unwrap_or_default();
        let count = text.matches("#[handler]").count();
        let described = text.matches("#[utoipa::path(").count();
        // A signed link to a file is for browsers.
        let pages = usize::from(source.ends_with("web/attachments.rs"));
        assert_eq!(count - pages, described, "{}", source.display());
        handlers += described;
    }
    let document = serde_json::to_value(openapi::document()).unwrap();
    let described: usize = document["paths"]
        .as_object()
        .unwrap()
        .values()
        .map(|operations| operations.as_object().unwrap().len())
        .sum();
    assert_eq!(described, handlers, "web/openapi.rs joins all nouns' paths");
}

#[tokio::test]
async fn the_page_to_try_the_api_is_served_without_the_outside() {
    let house = House::start().await;
    let page = house.get("/docs/").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(!page.text.contains("https://"), "{}", page.text);
    let script = house.get("/docs/swagger-initializer.js").await;
    assert!(script.text.contains("/openapi.json"));
    assert_eq!(
        house.get("/docs/../Cargo.toml").await.status,
        StatusCode::NOT_FOUND
    );
    assert_problem(&house.get("/docs/nothing.js").await, Code::NotFound);
    house.stop().await;
}
