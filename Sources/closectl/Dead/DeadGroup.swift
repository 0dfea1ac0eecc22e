import ArgumentParser
import Billing

struct DeadGroup: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dead",
    abstract: "Dead letters: see them, understand them, replay what still makes sense.",
    discussion: """
      They are reached as MONTHCLOSE_DEAD_BROKER_URL says, or MONTHCLOSE_BROKER_URL. The user \
      there needs no more than to read the queues SERVICE.dead and to write to the exchange \
      monthclose.

      Example:
        closectl dead list --group
        closectl dead show 3f9ac2d10b7e
        closectl dead replay --service charger --reason "gateway repaired" --dry-run
      """,
    subcommands: [
      DeadList.self, DeadShow.self, DeadReplay.self, DeadRefresh.self, DeadDiscard.self,
    ])
}
