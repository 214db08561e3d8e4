use kanal::bounded;

use super::prelude::*;

pub(super) const PACKAGE: Package = Package {
    name: "kanal",
    operations: &[
        Operation::new(HandOver, "Sender::try_send, bounded", try_send)
            .instead(CHANNEL)
            .paths(&["kanal::Sender::try_send"]),
        Operation::new(HandOver, "Receiver::try_recv, bounded", try_recv)
            .instead(CHANNEL)
            .paths(&["kanal::Receiver::try_recv"]),
    ],
};

fn try_send(bench: Bench<'_>) {
    let (sender, receiver) = bounded(2);
    let (send, receive) = (|| _ = sender.try_send(1_u64), || _ = receiver.try_recv());
    let ends = Ends {
        send: &send,
        receive: &receive,
        empty: &|| while receiver.try_recv().is_ok_and(|got| got.is_some()) {},
        both: &|| {
            send();
            receive();
        },
    };
    ends.measure_send(bench);
}

fn try_recv(bench: Bench<'_>) {
    let (sender, receiver) = bounded(2);
    let (send, receive) = (|| _ = sender.try_send(1_u64), || _ = receiver.try_recv());
    let ends = Ends {
        send: &send,
        receive: &receive,
        empty: &|| while receiver.try_recv().is_ok_and(|got| got.is_some()) {},
        both: &|| {
            send();
            receive();
        },
    };
    ends.measure_receive(bench);
}
