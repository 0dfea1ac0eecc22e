import ArgumentParser
import Billing
import Broker
import Ledger
import Operations

struct DeadReplay: OperatorCommand {
  static let configuration = CommandConfiguration(
    commandName: "replay",
    abstract: "Sends dead letters again to the service that could not work them.",
    discussion: """
      Only letters that are still needed are replayed; the others are shown with why. What is \
      replayed is frozen in a manifest first: letters that arrive later are not taken. Each is \
      recorded in the ledger before it is published, and leaves the dead letters after its confirm.

      A replay that was interrupted (or a refresh, or a discard) is finished by --continue.

      Example:
        closectl dead replay --service charger --reason "gateway repaired" --dry-run
        closectl dead replay --all --reason "gateway repaired" --rate 50/s
        closectl dead replay --continue
      """)

  @OptionGroup var chosen: LetterFilterOptions
  @OptionGroup var moving: MovingOptions
  @Option(
    help: ArgumentHelp("These letters, with commas between.", valueName: "ids"),
    transform: parseLetterIDs)
  var ids: Set<String>?
  @Flag(help: "All that are needed.")
  var all = false
  @Flag(help: "Says what would be done; moves nothing and writes nothing.")
  var dryRun = false
  @Option(
    help: ArgumentHelp("At most so many a second: 50/s.", valueName: "n"), transform: parseRate)
  var rate: Int?
  @Flag(name: .customLong("continue"), help: "Finishes what was interrupted.")
  var continues = false
  @Argument(help: "With --continue: which manifest; there is one at most.")
  var manifest: String?
  @OptionGroup var shared: SharedOptions

  func validate() throws {
    let isChosen = all || chosen.filter(ids: ids) != LetterFilter()
    if continues {
      if isChosen || dryRun || rate != nil || moving.reason != nil {
        throw ValidationError("--continue goes on as it was begun; it takes a manifest only")
      }
      return
    }
    if manifest != nil { throw ValidationError("a manifest is for --continue only") }
    if !isChosen { throw ValidationError("say which letters: a filter, --ids, or --all") }
  }

  func perform(in session: Session) async throws -> Answer {
    let moves = try await DeadMoves(session)
    if continues { return try await moves.resume(manifest) }
    let wanted = Set([LetterClass.needed] + moving.also)
    let choice = try await moves.choose(chosen.filter(ids: ids), classes: wanted)
    if dryRun { return choice.answer(.replay) }
    let order = DeadMoves.Order(
      action: .replay, operatorName: try moving.who.name(in: session),
      reason: try moving.reasonGiven(), selection: chosen.filter(ids: ids).words, rate: rate)
    return try await moves.carryOut(order, choice)
  }
}
