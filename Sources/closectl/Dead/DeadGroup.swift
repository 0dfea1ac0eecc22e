import ArgumentParser
import Billing

struct DeadGroup: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dead",
    abstract: "Inspect dead letters, and replay those that are still needed.",
    discussion: """
      Connects with MONTHCLOSE_DEAD_BROKER_URL, or else MONTHCLOSE_BROKER_URL. Its user only needs \
      the right to read the queues SERVICE.dead and to write to the exchange monthclose.

      Example:
        closectl dead list --group
        closectl dead show 3f9ac2d10b7e
        closectl dead replay --service charger --reason "gateway repaired" --dry-run
      """,
    subcommands: [
      DeadList.self, DeadShow.self, DeadReplay.self, DeadRefresh.self, DeadDiscard.self,
    ])
}
