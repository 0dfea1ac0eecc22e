# shellcheck shell=bash
# Sourced by chaos.sh: what is in the stage's queues, and other programs' messages into them.

# queue_counts: "NAME MESSAGES" a line, waiting and in work, as the quorum queues themselves have them
# now; list_queues tells what was counted up to 5 s ago
queue_counts() {
  "$RABBITMQCTL" -q eval "[begin
      {ok, {_, N}, _} =
        ra:local_query(amqqueue:get_pid(Q), fun rabbit_fifo:query_messages_total/1),
      io:format(\"~s ~b~n\", [element(4, amqqueue:get_name(Q)), N])
    end || Q <- rabbit_amqqueue:list(<<\"$VHOST\">>)], ok." | grep -v '^ok$'
}

# queued: messages in all queues but the dead letters
queued() { queue_counts | awk '$1 !~ /\.dead$/ { sum += $2 } END { print sum + 0 }'; }

# dead_letters: in all services' queues for them
dead_letters() { queue_counts | awk '$1 ~ /\.dead$/ { sum += $2 } END { print sum + 0 }'; }

# publish_to SERVICE FILE: any other program's message, straight into a service's queue
publish_to() {
  "$RABBITMQCTL" -q eval "{ok, Body} = file:read_file(\"$2\"),
    rabbit_basic:publish(rabbit_misc:r(<<\"$VHOST\">>, exchange, <<>>), <<\"$1\">>,
      [{content_type, <<\"application/cloudevents+json\">>}, {delivery_mode, 2}], Body)." >/dev/null
}

# publish_twice SERVICE FOLDER: each file of it two times in a row
publish_twice() {
  "$RABBITMQCTL" -q eval "{ok, Names} = file:list_dir(\"$2\"),
    [begin {ok, Body} = file:read_file(\"$2/\" ++ Name),
      [rabbit_basic:publish(rabbit_misc:r(<<\"$VHOST\">>, exchange, <<>>), <<\"$1\">>,
        [{content_type, <<\"application/cloudevents+json\">>}, {delivery_mode, 2}], Body)
        || _ <- [1, 2]] end || Name <- lists:sort(Names)]." >/dev/null
}

# delete_queue NAME
delete_queue() { "$RABBITMQCTL" -q -p "$VHOST" delete_queue "$1" >/dev/null; }

# depth NAME: messages in that queue; nothing if there is no such queue
depth() { queue_counts | awk -v q="$1" '$1 == q { print $2 }'; }
