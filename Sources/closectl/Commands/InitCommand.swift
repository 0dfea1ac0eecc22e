import ArgumentParser
import Broker
import Ledger
import Services

struct InitCommand: OperatorCommand {
  static let configuration = CommandConfiguration(
    commandName: "init",
    abstract: "Create or migrate the store and apply the topology; harmless when repeated.",
    discussion: """
      Example:
        MONTHCLOSE_STORE_URL=sqlite:/var/lib/month-close/ledger.db closectl init
      """)

  @Flag(help: "Set up only the store; the broker is not needed.")
  var storeOnly = false
  @OptionGroup var shared: SharedOptions

  private struct Document: Encodable {
    var store: String
    var topology: TopologyDocument?
  }

  func perform(in session: Session) async throws -> CommandOutput {
    let url = session.settings.shownStoreURL
    _ = try await session.store(migrate: true)
    guard !storeOnly else {
      return CommandOutput(Document(store: url), text: ["store    ready: \(url)"])
    }
    let topology = MonthClose.topology(retryDelays: session.settings.retryDelays)
    let differences: [TopologyDifference]
    do {
      differences = try await session.broker().apply(topology)
    } catch {
      session.output.noteLine("the store is ready: \(url)")
      throw error
    }
    let applied = TopologyDocument(topology, differences)
    return CommandOutput(
      Document(store: url, topology: applied), text: ["store    ready: \(url)"] + applied.text,
      status: applied.status)
  }
}
