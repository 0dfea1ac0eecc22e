import ArgumentParser
import Billing
import Broker
import Ledger
import Operations

struct DeadReplay: OperatorCommand {
  static let configuration = CommandConfiguration(
    commandName: "replay",
    abstract: "Send dead letters back to the service that could not process them.",
    discussion: """
      Only letters that are still needed are replayed; the others are shown with the reason. The \
      selection is first frozen in a manifest, so letters that arrive later are not included. Each \
      letter is recorded in the ledger before it is published, and removed from the dead letters \
      once the broker has confirmed it.

      --continue finishes an interrupted replay, refresh or discard.

      Example:
        closectl dead replay --service charger --reason "gateway repaired" --dry-run
        closectl dead replay --all --reason "gateway repaired" --rate 50/s
        closectl dead replay --continue
      """)

  @OptionGroup var chosen: LetterFilterOptions
  @OptionGroup var moving: MovingOptions
  @Option(
    help: ArgumentHelp("These letters, separated by commas.", valueName: "ids"),
    transform: parseLetterIDs)
  var ids: Set<String>?
  @Flag(help: "Replay all letters that are still needed.")
  var all = false
  @Flag(help: "Show what would be done; move and write nothing.")
  var dryRun = false
  @Option(
    help: ArgumentHelp("Maximum rate, for example 50/s.", valueName: "n"), transform: parseRate)
  var rate: Int?
  @Flag(name: .customLong("continue"), help: "Finish what was interrupted.")
  var continues = false
  @Argument(help: "With --continue: the manifest's id; there is at most one.")
  var manifest: String?
  @OptionGroup var shared: SharedOptions

  func validate() throws {
    let isChosen = all || chosen.filter(ids: ids) != DeadLetterFilter()
    if continues {
      if isChosen || dryRun || rate != nil || moving.reason != nil {
        throw ValidationError("--continue keeps the original options; it takes only a manifest")
      }
      return
    }
    if manifest != nil { throw ValidationError("a manifest is for --continue only") }
    if !isChosen { throw ValidationError("choose the letters: a filter, --ids, or --all") }
  }

  func perform(in session: Session) async throws -> CommandOutput {
    let moves = try await DeadMoves(session)
    if continues { return try await moves.resume(manifest) }
    let wanted = Set([DeadLetterClass.needed] + moving.also)
    let choice = try await moves.choose(chosen.filter(ids: ids), classes: wanted)
    if dryRun { return choice.output(.replay) }
    let order = DeadMoves.Order(
      action: .replay, operatorName: try moving.who.name(in: session),
      reason: try moving.reasonGiven(), selection: chosen.filter(ids: ids).words, rate: rate)
    return try await moves.carryOut(order, choice)
  }
}

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
    if dryRun { return choice.output(.refresh) }
    let order = DeadMoves.Order(
      action: .refresh, operatorName: try moving.who.name(in: session),
      reason: try moving.reasonGiven(), selection: filter.words, rate: nil)
    return try await moves.carryOut(order, choice)
  }
}

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
    if dryRun { return choice.output(.discard) }
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
