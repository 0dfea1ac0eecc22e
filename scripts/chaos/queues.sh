# shellcheck shell=bash
# Sourced by chaos.sh: reads the stage's queues, and publishes other programs' messages into them.

# queue_counts: "NAME MESSAGES" a line, waiting and in progress, as the quorum queues themselves count them
# now; list_queues shows counts that are up to 5 s old
queue_counts() {
  "$RABBITMQCTL" -q eval "[begin
      {ok, {_, N}, _} =
        ra:local_query(amqqueue:get_pid(Q), fun rabbit_fifo:query_messages_total/1),
      io:format(\"~s ~b~n\", [element(4, amqqueue:get_name(Q)), N])
    end || Q <- rabbit_amqqueue:list(<<\"$VHOST\">>)], ok." | grep -v '^ok$'
}

# queued: messages in all queues except the dead letters
queued() { queue_counts | awk '$1 !~ /\.dead$/ { sum += $2 } END { print sum + 0 }'; }

# dead_letters: number of dead letters of all services
dead_letters() { queue_counts | awk '$1 ~ /\.dead$/ { sum += $2 } END { print sum + 0 }'; }

# publish_to SERVICE FILE: publishes another program's message straight into a service's queue
publish_to() {
  "$RABBITMQCTL" -q eval "{ok, Body} = file:read_file(\"$2\"),
    rabbit_basic:publish(rabbit_misc:r(<<\"$VHOST\">>, exchange, <<>>), <<\"$1\">>,
      [{content_type, <<\"application/cloudevents+json\">>}, {delivery_mode, 2}], Body)." >/dev/null
}

# delete_queue NAME
delete_queue() { "$RABBITMQCTL" -q -p "$VHOST" delete_queue "$1" >/dev/null; }
