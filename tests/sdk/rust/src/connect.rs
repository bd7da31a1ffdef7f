//! The SDK's HTTP on hyper and rustls, with a client certificate when there is one.

use std::sync::Arc;

use aws_smithy_runtime_api::client::http::{
    http_client_fn, HttpConnector, HttpConnectorFuture, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::http::Response;
use aws_smithy_types::body::SdkBody;
use http_body_util::BodyExt;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::{connect::HttpConnector as Tcp, Client};
use hyper_util::rt::TokioExecutor;
use rustls::pki_types::{pem::PemObject, CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};

#[derive(Clone, Debug)]
struct Connector(Client<HttpsConnector<Tcp>, SdkBody>);

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let client = self.0.clone();
        HttpConnectorFuture::new(async move {
            let request = request
                .try_into_http1x()
                .map_err(|e| ConnectorError::user(e.into()))?;
            let answer = client
                .request(request)
                .await
                .map_err(|e| ConnectorError::io(e.into()))?;
            let (head, body) = answer.into_parts();
            let bytes = body
                .collect()
                .await
                .map_err(|e| ConnectorError::io(e.into()))?
                .to_bytes();
            let mut out = Response::new(head.status.into(), SdkBody::from(bytes));
            for (name, value) in &head.headers {
                let value = value
                    .to_str()
                    .map_err(|e| ConnectorError::other(e.into(), None))?;
                out.headers_mut().append(name.as_str().to_string(), value.to_string());
            }
            Ok(out)
        })
    }
}

fn certificates(path: &str) -> Vec<CertificateDer<'static>> {
    CertificateDer::pem_file_iter(path)
        .expect("a PEM file")
        .map(|one| one.expect("a certificate"))
        .collect()
}

fn tls() -> ClientConfig {
    let variable = |name| std::env::var(name).expect(name);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions of TLS");
    let mut roots = RootCertStore::empty();
    let Ok(ca) = std::env::var("KMS_CA") else {
        return builder.with_root_certificates(roots).with_no_client_auth();
    };
    for one in certificates(&ca) {
        roots.add(one).expect("a CA certificate");
    }
    let key = PrivateKeyDer::from_pem_file(variable("KMS_KEY")).expect("a private key");
    builder
        .with_root_certificates(roots)
        .with_client_auth_cert(certificates(&variable("KMS_CERT")), key)
        .expect("a client certificate")
}

pub fn http_client() -> SharedHttpClient {
    let https = HttpsConnectorBuilder::new()
        .with_tls_config(tls())
        .https_or_http()
        .enable_http1()
        .build();
    let connector = Connector(Client::builder(TokioExecutor::new()).build(https));
    let shared = SharedHttpConnector::new(connector);
    SharedHttpClient::new(http_client_fn(move |_, _| shared.clone()))
}
