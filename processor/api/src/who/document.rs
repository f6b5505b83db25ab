//! What the API's document says of who may ask, and of what is declined, at each path alike: no path can be without it.

use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{ContentBuilder, OpenApi, Ref, RefOr, Response, ResponseBuilder};

/// What the scheme is called in the document.
const SCHEME: &str = "token";

/// What every path may answer beside what it is asked for, and why.
const ANSWERS: [(&str, &str); 8] = [
    ("400", "The request cannot be made out"),
    ("401", "Who asks is not known"),
    ("403", "The account is in none of the segments of whoever asks, or their role does not reach"),
    (
        "404",
        "Nothing is known of the account, the policy has nothing of the name, or no version of the number",
    ),
    ("414", "The URL is too long"),
    ("429", "Asked too often: `Retry-After` says when again"),
    ("500", "Weir failed to answer: its log says why"),
    ("503", "Not now: `Retry-After` says when again"),
];

/// Says it.
pub(crate) fn describe(document: &mut OpenApi) {
    let scheme = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some(
            "A token that `weir token new` made (`[api] tokens`), or an access token of the identity provider, a JWT \
             (`[api.oidc]`). With neither of the two nobody is asked for one.",
        ))
        .build();
    let components = document.components.get_or_insert_default();
    components.add_security_scheme(SCHEME, SecurityScheme::Http(scheme));
    document.security = Some(vec![SecurityRequirement::new(SCHEME, Vec::<String>::new())]);
    for path in document.paths.paths.values_mut() {
        for operation in
            [&mut path.get, &mut path.post, &mut path.put, &mut path.delete].into_iter().flatten()
        {
            for (status, why) in ANSWERS {
                let answers = &mut operation.responses.responses;
                answers.entry(status.to_owned()).or_insert_with(|| RefOr::T(answer(why)));
            }
        }
    }
}

fn answer(why: &str) -> Response {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
    ResponseBuilder::new().description(why).content("application/problem+json", content).build()
}
