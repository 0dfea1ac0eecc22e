import Billing
import Ledger

extension Settings {
  /// What `--help` prints after the program's own first lines: every setting of a service, or of
  /// all when none is named.
  public static func helpText(for service: ServiceName?) -> String {
    let keys = SettingKey.all.filter { key in service.map { key.users.contains($0) } ?? true }
    let name = service?.rawValue ?? "PROGRAM"
    let modes = """
      usage: \(name) [SETTINGS]
             \(name) --check [SETTINGS]   check settings, store and broker; exit 0 or 1
             \(name) --health [SETTINGS]  check whether the running service is ready; exit 0 or 1
             \(name) --version | --help

      Settings come from the environment; most can also be given as a flag, which takes precedence.
      Secrets come from the environment or from the file named by KEY_FILE.

      """
    return modes + keys.map(paragraph).joined()
  }

  private static func paragraph(_ key: SettingKey) -> String {
    let names = [key.flag.map { "\($0) VALUE" }, key.variable, key.fileVariable]
      .compactMap { $0 }.joined(separator: ", ")
    let fallback = key.defaultText.map { "; default \(key.shown($0))" } ?? ""
    return """

        \(names)
            \(key.meaning)
            \(key.expects)\(fallback)

      """
  }
}
