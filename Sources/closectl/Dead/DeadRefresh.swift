import ArgumentParser
import Billing
import Ledger
import Operations

struct DeadRefresh: OperatorCommand {
  static let configuration = CommandConfiguration(
    commandName: "refresh",
    abstract: "Replace a dead letter with the same event and a new snapshot from the ledger.",
    discussion: """
      This is the only edit there is: every amount comes from the ledger, none is typed. The new \
      event names the old one (causationid, refreshof) and goes only to the same service.

      Example:
        closectl dead refresh 3f9ac2d10b7e --reason "catalog corrected"
      """)

  @Argument(help: "As `closectl dead list` shows it.", transform: parseLetterID)
  var id: String
  @OptionGroup var moving: MovingOptions
  @Flag(help: "Show what would be done; move and write nothing.")
  var dryRun = false
  @OptionGroup var shared: SharedOptions

  func perform(in session: Session) async throws -> CommandOutput {
    let moves = try await DeadMoves(session)
    var filter = DeadLetterFilter()
    filter.ids = [id]
    // Refreshing exists for letters that contradict.
    let wanted = Set([.needed, .contradicts] + moving.also)
    var choice = try await moves.choose(filter, classes: wanted)
    let target = try await moves.refreshTarget(id)
    choice.setTargets { _ in target }
    if dryRun { return choice.answer(.refresh) }
    let order = DeadMoves.Order(
      action: .refresh, operatorName: try moving.who.name(in: session),
      reason: try moving.reasonGiven(), selection: filter.words, rate: nil)
    return try await moves.carryOut(order, choice)
  }
}
