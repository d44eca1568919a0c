import { type Queue, queueNames, queues, retention, type Subscription, topics } from '@boxoffice/contracts'

const DAY_S = 86_400

/** The path of the hook from the root; LocalStack runs scripts in `/etc/localstack/init/ready.d`. */
export const HOOK_FILE = 'localstack/ready.d/10-provision.sh'

/**
 * Returns the script that LocalStack runs when it is ready. It does what `provision` does, but with the AWS
 * command line of LocalStack's image, which holds neither Node.js nor our code. Its settings are those of the
 * services.
 */
export function provisionHook(): string {
  const dead = queueNames.map((name) => queues[name].deadLetterQueue)
  return [
    PREAMBLE,
    'begin identity',
    ...topics.map((name) => `begin topic ${name}`),
    ...dead.map(
      (name) => `begin queue ${name} '"MessageRetentionPeriod":"${retention.deadLetterDays * DAY_S}"'`,
    ),
    'finish',
    '',
    ...queueNames.map((name) => workingQueue(name, queues[name])),
    'finish',
    '',
    ...queueNames.flatMap((name) =>
      (queues[name] as Queue).subscriptions.map((one) => subscription(name, one)),
    ),
    'finish',
    '',
  ].join('\n')
}

function workingQueue(name: string, { deadLetterQueue, maxReceives, visibilitySeconds }: Queue): string {
  const days = retention.queueDays * DAY_S
  return `begin queue ${name} "$(working ${days} ${visibilitySeconds} ${maxReceives} ${deadLetterQueue})"`
}

const subscription = (queue: string, { topic, eventTypes }: Subscription) =>
  `begin subscribe ${queue} ${topic} '${eventTypes ? JSON.stringify({ eventType: eventTypes }) : '{}'}'`

// `@{` stands for the `${` of bash, which a template literal would interpolate. A line that ends in ↩ goes on
// in the next.
const PREAMBLE = String.raw`#!/usr/bin/env bash
# Made by "npm run localstack:hooks" from the topology in packages/contracts: change that, not this.
# LocalStack runs it when it is ready. It may run again: what is there is brought up to date.
set -euo pipefail

prefix="@{MESSAGING_PREFIX:-}"
wait_seconds="@{SQS_WAIT_SECONDS:-20}"
export AWS_DEFAULT_REGION="@{AWS_REGION:-us-east-1}"
resources="$AWS_DEFAULT_REGION:@{AWS_ACCOUNT_ID:-000000000000}:$prefix"

# Several at once, since each call starts a Python; ends the script when one of them has failed.
running=()
begin() { "$@" & running+=("$!"); }
finish() {
  for job in "@{running[@]}"; do wait "$job"; done
  running=()
}

# SES sends for a sender that it knows, and for no other.
identity() {
  if [ -n "@{FROM_EMAIL_ADDRESS:-}" ]; then ↩
    awslocal ses verify-email-identity --email-address "$FROM_EMAIL_ADDRESS"; fi
}

topic() { # name
  case "$1" in
    *.fifo) awslocal sns create-topic --name "$prefix$1" --attributes '{"FifoTopic":"true"}' >/dev/null ;;
    *) awslocal sns create-topic --name "$prefix$1" >/dev/null ;;
  esac
}

# The attributes of a queue that is worked on: seconds of retention, of visibility, ↩
  receives at most, dead-letter queue
working() {
  printf '"MessageRetentionPeriod":"%s","VisibilityTimeout":"%s",' "$1" "$2"
  printf '"ReceiveMessageWaitTimeSeconds":"%s",' "$wait_seconds"
  printf '"RedrivePolicy":"{\\"deadLetterTargetArn\\":\\"%s\\",\\"maxReceiveCount\\":%s}"' ↩
    "arn:aws:sqs:$resources$4" "$3"
}

queue() { # name, attributes
  local fifo='' url
  case "$1" in *.fifo)
    fifo='"FifoQueue":"true","DeduplicationScope":"messageGroup",↩
      "FifoThroughputLimit":"perMessageGroupId",' ;;
  esac
  if ! awslocal sqs create-queue --queue-name "$prefix$1" --attributes "{$fifo$2}" >/dev/null; then
    url=$(awslocal sqs get-queue-url --queue-name "$prefix$1" --query QueueUrl --output text)
    awslocal sqs set-queue-attributes --queue-url "$url" --attributes "{$2}"
  fi
}

subscribe() { # queue, topic, filter policy
  local topic_arn="arn:aws:sns:$resources$2" queue_arn="arn:aws:sqs:$resources$1" quote='"' arn
  if ! awslocal sns subscribe --topic-arn "$topic_arn" --protocol sqs --notification-endpoint "$queue_arn" \
    --attributes "{\"RawMessageDelivery\":\"true\",↩
      \"FilterPolicy\":\"@{3//$quote/\\$quote}\"}" >/dev/null; then
    arn=$(awslocal sns list-subscriptions-by-topic --topic-arn "$topic_arn" \
      --query "Subscriptions[?Endpoint=='$queue_arn'].SubscriptionArn" --output text)
    awslocal sns set-subscription-attributes --subscription-arn "$arn" ↩
      --attribute-name RawMessageDelivery --attribute-value true
    awslocal sns set-subscription-attributes --subscription-arn "$arn" ↩
      --attribute-name FilterPolicy --attribute-value "$3"
  fi
}
`
  .replaceAll('@{', '${')
  .replaceAll(/↩\n */g, '')
