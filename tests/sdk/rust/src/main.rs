//! The AWS SDK for Rust as a driver: one JSON line in, one JSON line out.
//! tests/support/scenario/drivers.py tells the lines and the environment.

#![allow(deprecated)] // members the service still takes

mod connect;
mod values;

use std::io::{BufRead, Write};

use aws_sdk_kms::config::{BehaviorVersion, Credentials, Region, SharedHttpClient};
use aws_sdk_kms::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_kms::operation::{self, RequestId};
use aws_sdk_kms::{types, Client, Config};
use serde_json::{json, Map, Value};
use values::{object, put, rest, Finish, FromJson, ToJson, Trouble};

// What generate.py made from the model.
include!(env!("KMSD_SDK_OPS"));

fn answer<O: ToJson + RequestId>(out: &O) -> Value {
    json!({"out": out.to(), "request_id": out.request_id()})
}

/// A refusal of the service; anything else is a failure of the exchange.
fn refusal<E, R>(error: SdkError<E, R>) -> Value
where
    E: std::error::Error + ProvideErrorMetadata + std::fmt::Debug + 'static,
    R: std::fmt::Debug,
{
    let SdkError::ServiceError(refused) = error else {
        return json!({"failed": format!("{error:?}")});
    };
    let said = refused.err();
    let shown = format!("{said:?}");
    json!({
        "error": {
            "code": said.code(),
            "message": said.message().unwrap_or_default(),
            "class": shown.split('(').next(),
        },
        "request_id": said.meta().request_id(),
    })
}

fn client(http: &SharedHttpClient, account: &str, region: &str) -> Client {
    Client::from_conf(
        Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(region.to_string()))
            .endpoint_url(std::env::var("KMS_ENDPOINT").expect("KMS_ENDPOINT"))
            .credentials_provider(Credentials::from_keys(account, "anything", None))
            .retry_config(aws_sdk_kms::config::retry::RetryConfig::disabled())
            .http_client(http.clone())
            .build(),
    )
}

async fn serve(http: &SharedHttpClient, line: &str) -> Value {
    let asked: Value = serde_json::from_str(line).expect("a line of JSON");
    let text = |name: &str| asked[name].as_str().unwrap_or_default();
    let pages = asked["pages"].as_bool().unwrap_or_default();
    let c = client(http, text("account"), text("region"));
    match perform(&c, text("op"), asked["in"].clone(), pages).await {
        Ok(answer) => answer,
        Err(Trouble::Unknown(what)) => json!({"unknown": what}),
        Err(Trouble::Wrong(what)) => json!({"failed": what}),
    }
}

fn say(line: &Value) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).expect("standard output");
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let http = connect::http_client();
    say(&json!({"sdk": format!("aws-sdk-kms {}", aws_sdk_kms::meta::PKG_VERSION)}));
    for line in std::io::stdin().lock().lines() {
        let line = line.expect("standard input");
        say(&runtime.block_on(serve(&http, &line)));
    }
}
