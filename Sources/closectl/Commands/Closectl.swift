import ArgumentParser
import Billing
import Services

/// The root command.
struct Closectl: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "closectl",
    abstract: "Close the month: set up, import, start, watch, explain, audit.",
    discussion: """
      A first close:
        closectl init
        closectl import accounts accounts.csv
        closectl import catalog catalog.yaml
        closectl import usage usage-2026-11.csv.gz
        closectl close preview 2026-11
        closectl close start 2026-11
        closectl close status 2026-11 --watch
        closectl report 2026-11
        closectl audit 2026-11

      Exit status: 0 done, 1 a problem was found, 2 wrong usage, 3 something the command needs \
      could not be reached. Settings come from the environment (MONTHCLOSE_STORE_URL, \
      MONTHCLOSE_BROKER_URL, …).
      """,
    version: MonthClose.versionLine(of: "closectl"),
    subcommands: [
      InitCommand.self, ImportGroup.self, CloseGroup.self, ReportCommand.self, InvoiceGroup.self,
      ExplainCommand.self, AuditCommand.self, PaymentGroup.self, CreditGroup.self,
      ParkedGroup.self, MailGroup.self, DeadGroup.self, ResendCommand.self, ReconcileCommand.self,
      TopologyGroup.self, StoreGroup.self, ClockGroup.self, ProbeGroup.self,
    ])
}

extension ArgumentHelp {
  static var period: ArgumentHelp {
    ArgumentHelp("The month, as YYYY-MM, or `last` for the previous one.", valueName: "period")
  }
}
