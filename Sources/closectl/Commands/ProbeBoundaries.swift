import ArgumentParser
import Billing
import Ledger
import Services

struct ProbeBoundaries: OperatorCommand {
  static let configuration = CommandConfiguration(
    commandName: "boundaries",
    abstract: "List every boundary at which each service can be made to kill itself.",
    discussion: "For MONTHCLOSE_CRASH_AT=BOUNDARY[:N], in crash tests.")

  @OptionGroup var shared: SharedOptions

  struct Document: Encodable {
    struct Place: Encodable {
      var service: String
      var boundary: String
    }
    var boundaries: [Place]
  }

  func perform(in session: Session) async throws -> CommandOutput {
    let places = MonthClose.services.flatMap { service in
      CrashPoint.all(of: service).map {
        Document.Place(service: service.rawValue, boundary: $0.rawValue)
      }
    }
    return CommandOutput(
      Document(boundaries: places), text: places.map { "\($0.service) \($0.boundary)" })
  }
}
