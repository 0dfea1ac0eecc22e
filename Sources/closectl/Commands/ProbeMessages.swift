import ArgumentParser
import Billing
import Operations
import Services

struct ProbeMessages: OperatorCommand {
  static let configuration = CommandConfiguration(
    commandName: "messages",
    abstract: "Check whether a service can read each message body on standard input.",
    discussion: """
      Expects one body per line. For teams that send messages to month-close, and for checking the \
      published schemas against the program. Example:
        closectl probe messages --json < messages.jsonl
      """)

  @OptionGroup var shared: SharedOptions

  struct Document: Encodable {
    struct Verdict: Encodable {
      var accepted: Bool
      /// As in the header `mc-reason` of the dead letter it would be.
      var reason: String?
      var error: String?
    }
    var messages: [Verdict]
  }

  func perform(in session: Session) async throws -> CommandOutput {
    var verdicts: [Document.Verdict] = []
    while let line = readLine() { verdicts.append(Self.verdict(Array(line.utf8))) }
    let text = verdicts.map { $0.accepted ? "accepted" : "\($0.reason ?? ""): \($0.error ?? "")" }
    return CommandOutput(
      Document(messages: verdicts), text: text,
      status: verdicts.allSatisfy(\.accepted) ? .done : .problem)
  }

  private static func verdict(_ body: [UInt8]) -> Document.Verdict {
    do throws(MessageFault) {
      _ = try MessageGate.decode(body, contentType: MonthClose.contentType)
      return .init(accepted: true)
    } catch {
      return .init(accepted: false, reason: error.reason, error: error.description)
    }
  }
}
