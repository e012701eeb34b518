-- Refresh a computer with hard links: keep the users' files and settings on the disk,
-- replace the operating system around them, give them back.
--
-- One sequence for both starts.  Started in the full OS the capture is made online and the
-- computer restarts into WinPE; started in WinPE the capture is made offline.  After the
-- article "Capture User Files and Settings Offline (WinPE) or Online (FullOS)": the same
-- step names where it has them, the same variables.  What its readers ran into is gone:
--   * the architecture and the Windows partition are found, not typed;
--   * nothing runs from inside the state store, and nothing is cached there, so nothing can
--     vanish from it and a second caching is not needed;
--   * users keep working between an online capture and the restart: the store is brought up
--     to date from WinPE right before the wipe, and the wipe first proves that every file is
--     in the store as it is in the profile;
--   * wipe and image keep the store, whatever happens;
--   * "2 = something waits for a restart" is a success, followed by that restart;
--   * the logs of the whole run are saved on the new system, also after a failure.
return sequence {
  name = "Refresh with hard links",
  description = "Capture user state by hard links, replace Windows, restore",

  inputs = {
    OSImage = {
      prompt = "Image of the new operating system (a folder, a .tar or a .wim file)",
    },
    OSImageIndex = { prompt = "Number of the image in a .wim file", default = "1" },
  },

  steps = {
    group "Refresh" {
      group "Prepare" {
        SetVariable "Set Started in WinPE" {
          variable = "TSStartedInWinPE",
          value = "YES",
          condition = "_SMSTSInWinPE = 'TRUE'",
        },
        SetVariable "Set Architecture" {
          variable = "Architecture",
          value = "%_TSDetectedArchitecture%",
        },
        SetVariable "Set Windows Partition" {
          variable = "WindowsPartition",
          value = "%_OSDDetectedWinDrive%",
        },
        SetVariable "Set State Store Location" {
          variable = "OSDStateStorePath",
          value = [[%WindowsPartition%\StateStore]],
        },
        CheckReadiness "Check that the computer can be refreshed" {
          requireWindows = true,
        },
      },

      group "Capture User Files and Settings" {
        RequestStateStore "Create State Store Location" {
          path = "%OSDStateStorePath%",
        },
        CaptureUserState "Capture User Files and Settings - WinPE" {
          store = "%OSDStateStorePath%",
          drive = "%WindowsPartition%",
          condition = "TSStartedInWinPE = 'YES'",
        },
        CaptureUserState "Capture User Files and Settings - FullOS" {
          store = "%OSDStateStorePath%",
          drive = "%WindowsPartition%",
          condition = "not TSStartedInWinPE = 'YES'",
        },
      },

      RestartComputer "Restart in WinPE" {
        target = "WinPE",
        message = "The computer restarts to replace its operating system.",
        condition = "not TSStartedInWinPE = 'YES'",
      },

      group "Replace the operating system" {
        CaptureUserState "Bring the capture up to date" {
          store = "%OSDStateStorePath%",
          drive = "%WindowsPartition%",
          update = true,
          phase = "WinPE",
        },
        WipeVolume "Wipe the Windows partition" {
          drive = "%WindowsPartition%",
          store = "%OSDStateStorePath%",
          phase = "WinPE",
        },
        ApplyImage "Apply the new operating system" {
          source = "%OSImage%",
          index = "%OSImageIndex%",
          target = "%WindowsPartition%",
          phase = "WinPE",
        },
      },

      RestartComputer "Restart in the new operating system" {
        target = "FullOS",
        message = "The computer restarts into its new operating system.",
      },

      group "Restore User Files and Settings" {
        RestoreUserState "Restore User Files and Settings" {
          store = "%OSDStateStorePath%",
          drive = "%WindowsPartition%",
          phase = "FullOS",
        },
        ReleaseStateStore "Cleanup State Store Location" {
          store = "%OSDStateStorePath%",
        },
        RestartComputer "Restart in FullOS" {
          target = "FullOS",
          message = "The computer restarts to remove the last files of the state store.",
          condition = "_SMSTSLastActionRetCode = 2",
        },
      },

      finally = {
        CopyLogs "Save the logs" {
          to = [[%WindowsPartition%\Windows\Logs\taskseq]],
          continueOnError = true,
        },
      },
    },
  },
}
