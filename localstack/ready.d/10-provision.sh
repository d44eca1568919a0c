#!/usr/bin/env bash
# Made by "npm run localstack:hooks" from the topology in packages/contracts: change that, not this.
# LocalStack runs it when it is ready. It may run again: what is there is brought up to date.
set -euo pipefail

prefix="${MESSAGING_PREFIX:-}"
wait_seconds="${SQS_WAIT_SECONDS:-20}"
export AWS_DEFAULT_REGION="${AWS_REGION:-us-east-1}"
resources="$AWS_DEFAULT_REGION:${AWS_ACCOUNT_ID:-000000000000}:$prefix"

# Several at once, since each call starts a Python; ends the script when one of them has failed.
running=()
begin() { "$@" & running+=("$!"); }
finish() {
  for job in "${running[@]}"; do wait "$job"; done
  running=()
}

# SES sends for a sender that it knows, and for no other.
identity() {
  if [ -n "${FROM_EMAIL_ADDRESS:-}" ]; then awslocal ses verify-email-identity --email-address "$FROM_EMAIL_ADDRESS"; fi
}

topic() { # name
  case "$1" in
    *.fifo) awslocal sns create-topic --name "$prefix$1" --attributes '{"FifoTopic":"true"}' >/dev/null ;;
    *) awslocal sns create-topic --name "$prefix$1" >/dev/null ;;
  esac
}

# The attributes of a queue that is worked on: seconds of retention, of visibility, receives at most, dead-letter queue
working() {
  printf '"MessageRetentionPeriod":"%s","VisibilityTimeout":"%s",' "$1" "$2"
  printf '"ReceiveMessageWaitTimeSeconds":"%s",' "$wait_seconds"
  printf '"RedrivePolicy":"{\\"deadLetterTargetArn\\":\\"%s\\",\\"maxReceiveCount\\":%s}"' "arn:aws:sqs:$resources$4" "$3"
}

queue() { # name, attributes
  local fifo='' url
  case "$1" in *.fifo)
    fifo='"FifoQueue":"true","DeduplicationScope":"messageGroup","FifoThroughputLimit":"perMessageGroupId",' ;;
  esac
  if ! awslocal sqs create-queue --queue-name "$prefix$1" --attributes "{$fifo$2}" >/dev/null; then
    url=$(awslocal sqs get-queue-url --queue-name "$prefix$1" --query QueueUrl --output text)
    awslocal sqs set-queue-attributes --queue-url "$url" --attributes "{$2}"
  fi
}

subscribe() { # queue, topic, filter policy
  local topic_arn="arn:aws:sns:$resources$2" queue_arn="arn:aws:sqs:$resources$1" quote='"' arn
  if ! awslocal sns subscribe --topic-arn "$topic_arn" --protocol sqs --notification-endpoint "$queue_arn" \
    --attributes "{\"RawMessageDelivery\":\"true\",\"FilterPolicy\":\"${3//$quote/\\$quote}\"}" >/dev/null; then
    arn=$(awslocal sns list-subscriptions-by-topic --topic-arn "$topic_arn" \
      --query "Subscriptions[?Endpoint=='$queue_arn'].SubscriptionArn" --output text)
    awslocal sns set-subscription-attributes --subscription-arn "$arn" --attribute-name RawMessageDelivery --attribute-value true
    awslocal sns set-subscription-attributes --subscription-arn "$arn" --attribute-name FilterPolicy --attribute-value "$3"
  fi
}

begin identity
begin topic user-events
begin topic event-events
begin topic payment-events
begin topic ticket-events
begin topic saga-compensation-failed
begin topic ops-alerts
begin topic event-updates.fifo
begin topic mail-feedback
begin topic notification-events
begin queue notification-dlq '"MessageRetentionPeriod":"1209600"'
begin queue mail-feedback-dlq '"MessageRetentionPeriod":"1209600"'
begin queue ticket-processing-dlq '"MessageRetentionPeriod":"1209600"'
begin queue payment-processing-dlq '"MessageRetentionPeriod":"1209600"'
begin queue order-commands-dlq.fifo '"MessageRetentionPeriod":"1209600"'
begin queue event-updates-dlq.fifo '"MessageRetentionPeriod":"1209600"'
begin queue analytics-dlq '"MessageRetentionPeriod":"1209600"'
finish

begin queue notification-queue "$(working 345600 30 3 notification-dlq)"
begin queue mail-feedback-queue "$(working 345600 30 3 mail-feedback-dlq)"
begin queue ticket-processing-queue "$(working 345600 60 3 ticket-processing-dlq)"
begin queue payment-processing-queue "$(working 345600 60 3 payment-processing-dlq)"
begin queue order-commands.fifo "$(working 345600 60 3 order-commands-dlq.fifo)"
begin queue event-updates.fifo "$(working 345600 30 3 event-updates-dlq.fifo)"
begin queue analytics-queue "$(working 345600 60 3 analytics-dlq)"
finish

begin subscribe notification-queue user-events '{"eventType":["USER_CREATED","USER_EMAIL_VERIFIED","EMAIL_VERIFICATION_REQUESTED","PASSWORD_RESET_REQUESTED","EMAIL_CHANGE_REQUESTED","EMAIL_CHANGED","SESSIONS_ENDED"]}'
begin subscribe notification-queue ticket-events '{"eventType":["TICKETS_GENERATED","TICKET_TRANSFERRED","TICKET_TRANSFER_OFFERED","TICKETS_STOPPED","TICKETS_REINSTATED"]}'
begin subscribe notification-queue payment-events '{"eventType":["ORDER_CREATED","ORDER_STATUS_CHANGED","ORDER_CANCELLED","PAYMENT_COMPLETED","PAYMENT_FAILED","REFUND_PROCESSED","ORDER_CONTACT_REQUESTED","ORDER_CONTACT_CHANGED"]}'
begin subscribe notification-queue event-events '{"eventType":["EVENT_PUBLISHED","EVENT_UPDATED","EVENT_CANCELLED"]}'
begin subscribe mail-feedback-queue mail-feedback '{}'
begin subscribe ticket-processing-queue payment-events '{"eventType":["PAYMENT_COMPLETED","PAYMENT_FAILED","DISPUTE_CLOSED"]}'
begin subscribe ticket-processing-queue event-events '{}'
begin subscribe ticket-processing-queue ticket-events '{"eventType":["TICKETS_DELIVERED","TICKET_DELIVERY_FAILED"]}'
begin subscribe payment-processing-queue ticket-events '{"eventType":["TICKETS_GENERATED","TICKETS_REJECTED"]}'
begin subscribe payment-processing-queue event-events '{"eventType":["EVENT_CANCELLED"]}'
begin subscribe event-updates.fifo event-updates.fifo '{}'
begin subscribe analytics-queue ticket-events '{"eventType":["TICKETS_GENERATED","TICKET_CANCELLED","TICKET_TRANSFERRED","TICKET_CHECKED_IN","TICKET_TYPE_CHANGED","RESERVATION_RELEASED"]}'
begin subscribe analytics-queue payment-events '{"eventType":["PAYMENT_COMPLETED","PAYMENT_FAILED","REFUND_PROCESSED"]}'
finish
