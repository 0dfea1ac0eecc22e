import ArgumentParser
import Ledger
import Operations

struct DeadDiscard: OperatorCommand {
  static let configuration = CommandConfiguration(
    commandName: "discard",
    abstract: "Remove dead letters for good; their bodies are kept in the ledger.",
    discussion: """
      A letter that is still needed is not discarded without --also needed, because its account \
      would wait for an answer forever.

      Example:
        closectl dead discard --ids 3f9ac2d10b7e --reason "junk of the old importer"
      """)

  @Option(
    help: ArgumentHelp("These letters, separated by commas.", valueName: "ids"),
    transform: parseLetterIDs)
  var ids: Set<String>
  @OptionGroup var moving: MovingOptions
  @Flag(help: "Show what would be done; move and write nothing.")
  var dryRun = false
  @OptionGroup var shared: SharedOptions

  func perform(in session: Session) async throws -> CommandOutput {
    let moves = try await DeadMoves(session)
    var filter = DeadLetterFilter()
    filter.ids = ids
    let wanted = Set([.done, .contradicts, .undecodable] + moving.also)
    var choice = try await moves.choose(filter, classes: wanted)
    choice.setTargets { _ in "discarded" }
    if dryRun { return choice.answer(.discard) }
    if let needed = choice.left.first {
      throw Problem(
        "letter \(needed.id) is still \(needed.classification.letterClass.rawValue) "
          + "(\(needed.classification.why)): replay it, or add --also needed; nothing was discarded"
      )
    }
    let order = DeadMoves.Order(
      action: .discard, operatorName: try moving.who.name(in: session),
      reason: try moving.reasonGiven(), selection: filter.words, rate: nil)
    return try await moves.carryOut(order, choice)
  }
}
