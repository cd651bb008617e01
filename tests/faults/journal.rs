//! The journal says what truly happened, also where the client cannot know it.

use std::sync::Arc;
use std::time::Duration;

use crisp_mock_server::server::{MockServer, ServerOptions};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::document::Example;
use crate::wire::{Call, End, Keys, control, receive, send_as, send_call};
use crate::{server, world};

#[tokio::test]
async fn a_save_that_was_refused_was_not_carried_out_though_its_answer_was_lost() {
    let server = server(Some(json!({ "at": "save_settings", "lose_answer": true }))).await;
    let website = control(&server, "GET", "/websites/w1", "").await;
    let path = format!(
        "/v1/plugins/subscription/{}/{}/settings",
        website["website_id"].as_str().unwrap(),
        server.info().plugin_id
    );
    for body in [r#"{"message":5}"#, r#"{"message":"Hi"}"#] {
        let keys = Keys::of(&server);
        let stream = send_as(server.addresses()[0], &keys, "PUT", &path, body).await;
        assert_eq!(receive(stream, Vec::new(), false).await.end, End::Reset);
    }
    let journal = control(&server, "GET", "/requests", "").await;
    let said = |index: usize| {
        let entry = &journal["requests"][index];
        (entry["carried_out"].clone(), entry["explanation"].is_string())
    };
    assert_eq!(said(0), (json!(false), true), "{journal}");
    assert_eq!(said(1), (json!(true), false), "{journal}");
}

#[tokio::test]
async fn a_client_that_gave_up_is_told_from_one_that_was_answered() {
    let plan = json!([{ "at": "account#1", "delay": "5s" }, { "at": "account#2", "reset": true }]);
    let (told, mut entries) = mpsc::unbounded_channel();
    let options = ServerOptions {
        on_request: Some(Arc::new(move |_, entry| told.send(json!(entry)).unwrap())),
        ..world(Some(plan)).into()
    };
    let server = MockServer::start(options).await.unwrap();
    let call = Call::of(&server, &Example::of_target("account"));
    let impatient = send_call(server.addresses()[0], &call).await;
    control(&server, "GET", "/requests?wait=60s", "").await;
    drop(impatient);
    // Only what the server was told of before the answer is due counts: on a busy machine the end of the
    // connection may come after the next request.
    let left = async {
        while control(&server, "GET", "/requests", "").await["requests"][0]["client_left"] != true {
        }
    };
    tokio::time::timeout(Duration::from_secs(60), left)
        .await
        .expect("it is told that its client left");
    // Its answer is still sent when it is due; whether it was there is known then.
    control(&server, "POST", "/clock", r#"{"advance":"5s"}"#).await;
    assert_eq!(entries.recv().await.unwrap()["client_left"], true);
    for status in [Value::Null, json!(200)] {
        let stream = send_call(server.addresses()[0], &call).await;
        receive(stream, Vec::new(), false).await;
        let entry = entries.recv().await.unwrap();
        assert_eq!((&entry["status"], &entry["client_left"]), (&status, &Value::Null));
    }
}
